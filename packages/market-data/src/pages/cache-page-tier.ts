import type { CacheValue, CacheWrite, IDataCache } from '@barkeep/cache';
import { type Clock, intervalsContain } from '@barkeep/core';
import type { TierStatistics } from '../market-data-statistics.ts';
import { type CandlePage, isFresh, type PageRequest, stretchOf } from './candle-page.ts';
import type { CandlePageTier } from './candle-page-tier.ts';

export interface CachePageTierOptions {
  readonly cache: IDataCache;
  readonly clock: Clock;
  readonly settledPageTtlMs: number;
  readonly unsettledPageTtlMs: number;
}

/**
 * Pages in an `IDataCache`. Freshness is decided here, at once, when the change feed speaks; entries
 * that are outdated only take room until they expire or are replaced.
 *
 * Keys carry a random part: no service trusts pages of another, or of an earlier run, because it did
 * not hear of the changes since. A cache that fails is passed over and counted.
 */
export class CachePageTier implements CandlePageTier {
  readonly #options: CachePageTierOptions;
  readonly #prefix = `candles/${crypto.randomUUID()}/`;
  #hits = 0;
  #misses = 0;
  #failures = 0;

  constructor(options: CachePageTierOptions) {
    this.#options = options;
  }

  get statistics(): TierStatistics {
    const { cache } = this.#options;
    return {
      name: 'cache',
      adapter: cache.name,
      hits: this.#hits,
      misses: this.#misses,
      failures: this.#failures,
    };
  }

  async read(requests: readonly PageRequest[]): Promise<(CandlePage | undefined)[]> {
    const values = await this.#values(requests);
    return requests.map((request, i) => {
      const page = freshPage(values[i], request);
      if (page === undefined) this.#misses += 1;
      else this.#hits += 1;
      return page;
    });
  }

  async keep(requests: readonly PageRequest[], pages: readonly CandlePage[]): Promise<void> {
    const now = this.#options.clock.now();
    const writes: CacheWrite[] = [];
    for (const [i, request] of requests.entries()) {
      const page = pages[i];
      if (page === undefined || !isFresh(request, page.stamp)) continue;
      const ttlMs = this.#ttlOf(request);
      const value = { candles: page.candles, stamp: page.stamp, cachedUntil: now + ttlMs };
      writes.push({ key: this.#keyOf(request), value, ttlMs });
    }
    if (writes.length > 0) await this.#counted(() => this.#options.cache.setMany(writes));
  }

  async close(): Promise<void> {
    await this.#counted(() => this.#options.cache.invalidate({ prefix: this.#prefix }));
  }

  async #values(requests: readonly PageRequest[]): Promise<readonly (CacheValue | undefined)[]> {
    const { cache } = this.#options;
    const [first] = requests;
    const found = await this.#counted(async () =>
      first !== undefined && requests.length === 1
        ? [await cache.get(this.#keyOf(first))]
        : await cache.getMany(requests.map((request) => this.#keyOf(request))),
    );
    return found ?? [];
  }

  /** Only a page that is covered to its end lives long: any other will change. */
  #ttlOf(request: PageRequest): number {
    const { settledPageTtlMs, unsettledPageTtlMs } = this.#options;
    const settled = intervalsContain(request.series.ledger.covered, stretchOf(request));
    return settled ? settledPageTtlMs : unsettledPageTtlMs;
  }

  #keyOf({ series, page }: PageRequest): string {
    return `${this.#prefix}${page}/${series.text}`;
  }

  async #counted<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch {
      // The storage has it all: a broken cache costs time, and the statistics tell of it.
      this.#failures += 1;
      return undefined;
    }
  }
}

function freshPage(value: CacheValue | undefined, request: PageRequest): CandlePage | undefined {
  if (!isCachedPage(value) || !isFresh(request, value.stamp)) return undefined;
  const { candles, stamp, cachedUntil } = value;
  return { candles, stamp, tier: 'cache', cachedUntil };
}

function isCachedPage(value: unknown): value is Omit<CandlePage, 'tier'> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'stamp' in value &&
    'candles' in value &&
    'cachedUntil' in value
  );
}
