import { type EpochMs, intervalsContain, type TradingCalendar } from '@barkeep/core';
import { type PageRequest, stretchOf } from './candle-page.ts';

export interface PageExpiryOptions {
  readonly settledPageTtlMs: number;
  readonly oldPageTtlMs: number;
  readonly unsettledPageTtlMs: number;
  /** `undefined`: the markets always trade. */
  readonly calendar: TradingCalendar | undefined;
}

/**
 * How long caches keep a page. The change feed says when a page is outdated; expiry is for the room it
 * takes, and for changes that nobody told of.
 *
 * - A page that is covered to its end lives as long again as it has not changed so far: history stays.
 * - Any other page will change with the next trade: it lives briefly, in trading time.
 */
export class PageExpiry {
  readonly #options: PageExpiryOptions;

  constructor(options: PageExpiryOptions) {
    this.#options = options;
  }

  expiresAt(request: PageRequest, now: EpochMs): EpochMs {
    const { settledPageTtlMs, oldPageTtlMs, unsettledPageTtlMs, calendar } = this.#options;
    if (isSettled(request)) {
      const age = now - stretchOf(request).to;
      return now + Math.max(settledPageTtlMs, Math.min(age, oldPageTtlMs));
    }
    const changes = calendar?.afterTrading(now, unsettledPageTtlMs) ?? now + unsettledPageTtlMs;
    return Math.min(changes, now + Math.max(settledPageTtlMs, unsettledPageTtlMs));
  }
}

/** Whether a page is covered to its end: only a correction will change it. */
export function isSettled(request: PageRequest): boolean {
  return intervalsContain(request.series.ledger.covered, stretchOf(request));
}
