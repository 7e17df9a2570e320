import type { EpochMs, TradingCalendar } from '@barkeep/core';
import { type FoundPage, stretchOf } from './candle-page.ts';

export interface PageExpiryOptions {
  readonly settledPageTtlMs: number;
  readonly oldPageTtlMs: number;
  readonly unsettledPageTtlMs: number;
  /** `undefined`: the markets always trade. */
  readonly calendar: TradingCalendar | undefined;
}

/**
 * How long caches keep a page. Its revision says whether it is outdated; expiry is for the room it
 * takes.
 *
 * - A page that is covered to its end lives as long again as it has not changed so far: history stays.
 * - Any other page will change with the next trade: it lives briefly, in trading time.
 */
export class PageExpiry {
  readonly #options: PageExpiryOptions;

  constructor(options: PageExpiryOptions) {
    this.#options = options;
  }

  expiresAt(page: Pick<FoundPage, 'series' | 'page' | 'isSettled'>, now: EpochMs): EpochMs {
    const { settledPageTtlMs, oldPageTtlMs, unsettledPageTtlMs, calendar } = this.#options;
    if (page.isSettled) {
      const age = now - stretchOf(page).to;
      return now + Math.max(settledPageTtlMs, Math.min(age, oldPageTtlMs));
    }
    const changes = calendar?.afterTrading(now, unsettledPageTtlMs) ?? now + unsettledPageTtlMs;
    return Math.min(changes, now + Math.max(settledPageTtlMs, unsettledPageTtlMs));
  }
}
