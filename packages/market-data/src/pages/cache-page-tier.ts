import type { CacheValue, CacheWrite, IDataCache } from '@barkeep/cache';
import { CandleSeries, type Clock, type SeriesKey } from '@barkeep/core';
import type { TierStatistics } from '../contract/market-data-statistics.ts';
import type { CandlePage, FoundPage, PageRequest } from './candle-page.ts';
import type { CandlePageTier } from './candle-page-tier.ts';
import type { PageExpiry } from './page-expiry.ts';
import { pageTags } from './page-tags.ts';

export interface CachePageTierOptions {
  /** What statistics and origins call it. */
  readonly name: 'cache' | 'disk';
  readonly cache: IDataCache;
  readonly clock: Clock;
  readonly expiry: PageExpiry;
  readonly pagePeriods: number;
  /**
   * - `run`: one entry a page, which a newer revision replaces; nothing is left after the run.
   * - `revision`: an entry for each revision of a page that is covered to its end, for later runs and
   *   for other processes.
   */
  readonly keeps: 'run' | 'revision';
  /** Further tags of a series' pages. */
  readonly seriesTags: (key: SeriesKey) => readonly string[];
  /** Whether reads wait until the pages they found are kept; slow caches take them when they can. */
  readonly waits: boolean;
}

/** More pages that wait to be kept are let go. */
const MAX_WAITING_PAGES = 1_024;
const PREFIX = 'candles/';

/**
 * Pages in an `IDataCache`, each with the revision of the stored candles that it shows. An outdated one
 * is not found, and takes room until it expires or is replaced. A failing cache costs time, never an
 * answer: the storage has it all.
 */
export class CachePageTier implements CandlePageTier {
  readonly #options: CachePageTierOptions;
  readonly #runPrefix = `${PREFIX}${crypto.randomUUID()}/`;
  readonly #keeping = new Set<Promise<void>>();
  #waitingPages = 0;
  #hits = 0;
  #misses = 0;
  #failures = 0;

  constructor(options: CachePageTierOptions) {
    this.#options = options;
  }

  /** Without what the cache itself knows: its bytes and evictions. */
  get statistics(): TierStatistics {
    const { name, cache } = this.#options;
    const [hits, misses, failures] = [this.#hits, this.#misses, this.#failures];
    return {
      name,
      adapter: cache.name,
      hits,
      misses,
      failures,
      bytes: undefined,
      evictions: undefined,
    };
  }

  get needsRevision(): boolean {
    return this.#options.keeps === 'revision';
  }

  async read(requests: readonly PageRequest[]): Promise<(CandlePage | undefined)[]> {
    const keys = requests.map((request) => this.#keyOf(request));
    const values = await this.#values(keys);
    return requests.map(({ revision }, i) => {
      const page = this.#pageOf(values[i], revision);
      if (page === undefined) this.#misses += 1;
      else this.#hits += 1;
      return page;
    });
  }

  async keep(pages: readonly FoundPage[]): Promise<void> {
    const writes = pages.filter(({ isSettled }) => isSettled || !this.needsRevision);
    if (writes.length === 0) return;
    const { waits, cache } = this.#options;
    if (!waits && this.#waitingPages + writes.length > MAX_WAITING_PAGES) return;
    this.#waitingPages += writes.length;
    const keeping = this.#counted(() =>
      cache.setMany(writes.map((page) => this.#writeOf(page))),
    ).then(() => {
      this.#waitingPages -= writes.length;
      this.#keeping.delete(keeping);
    });
    this.#keeping.add(keeping);
    if (waits) await keeping;
  }

  async forget(tags: readonly string[]): Promise<void> {
    const selector = tags.length === 0 ? { prefix: PREFIX } : { tags };
    await this.#counted(() => this.#options.cache.invalidate(selector));
  }

  async close(): Promise<void> {
    await Promise.all(this.#keeping);
    if (this.needsRevision) return;
    await this.#counted(() => this.#options.cache.invalidate({ prefix: this.#runPrefix }));
  }

  #keyOf({ series, page, revision }: PageRequest): string | undefined {
    if (!this.needsRevision) return `${this.#runPrefix}${page}/${series.text}`;
    if (revision === undefined) return undefined;
    return `${PREFIX}${this.#options.pagePeriods}/${page}/${revision}/${series.text}`;
  }

  #writeOf(page: FoundPage): CacheWrite {
    const { clock, expiry, seriesTags } = this.#options;
    const { key } = page.series;
    const now = clock.now();
    const cachedUntil = expiry.expiresAt(page, now);
    return {
      key: this.#keyOf(page) ?? '',
      value: { candles: page.candles, revision: page.revision, cachedUntil },
      // The cache may go by a clock of its own.
      ttlMs: cachedUntil - now,
      tags: pageTags(key, seriesTags(key)),
    };
  }

  async #values(
    keys: readonly (string | undefined)[],
  ): Promise<readonly (CacheValue | undefined)[]> {
    const { cache } = this.#options;
    const sought = keys.filter((key) => key !== undefined);
    const [first] = sought;
    if (first === undefined) return [];
    const found = await this.#counted(async () =>
      sought.length === 1 ? [await cache.get(first)] : await cache.getMany(sought),
    );
    let next = 0;
    return keys.map((key) => (key === undefined ? undefined : found?.[next++]));
  }

  #pageOf(value: CacheValue | undefined, revision: string | undefined): CandlePage | undefined {
    if (!isCachedPage(value)) return undefined;
    const isWanted = revision === undefined || revision === value.revision;
    // A reader may have transferred the columns away.
    if (!isWanted || value.candles.isDetached) return undefined;
    const { candles, cachedUntil } = value;
    return { candles, revision: value.revision, tier: this.#options.name, cachedUntil };
  }

  async #counted<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch {
      // The storage has it all: a broken cache costs time, and the statistics report it.
      this.#failures += 1;
      return undefined;
    }
  }
}

function isCachedPage(value: unknown): value is Omit<CandlePage, 'tier'> {
  if (typeof value !== 'object' || value === null) return false;
  if (!('revision' in value && 'candles' in value && 'cachedUntil' in value)) return false;
  const { revision, candles, cachedUntil } = value;
  return (
    typeof revision === 'string' &&
    candles instanceof CandleSeries &&
    typeof cachedUntil === 'number'
  );
}
