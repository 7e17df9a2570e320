import type { CacheValue, CacheWrite, IDataCache } from '@barkeep/cache';
import type { Clock, SeriesKey } from '@barkeep/core';
import type { TierStatistics } from '../market-data-statistics.ts';
import { type CandlePage, isFresh, type PageRequest } from './candle-page.ts';
import type { CandlePageTier } from './candle-page-tier.ts';
import type { PageExpiry } from './page-expiry.ts';
import type { PageName, PageNames } from './page-names.ts';
import { pageTags } from './page-tags.ts';

export interface CachePageTierOptions {
  /** What statistics and origins call it. */
  readonly name: 'cache' | 'disk';
  readonly cache: IDataCache;
  readonly clock: Clock;
  readonly names: PageNames;
  readonly expiry: PageExpiry;
  /** Further tags of a series' pages. */
  readonly seriesTags: (key: SeriesKey) => readonly string[];
  /** Whether reads wait until the pages they found are kept; slow caches take them when they can. */
  readonly waits: boolean;
}

/** More pages that wait to be kept are let go. */
const MAX_WAITING_PAGES = 1_024;

/**
 * Pages in an `IDataCache`. Entries that are outdated are not found, and take room until they expire or
 * are replaced. A cache that fails is passed over and counted.
 */
export class CachePageTier implements CandlePageTier {
  readonly #options: CachePageTierOptions;
  /** The names under which pages were sought, for when they come from elsewhere. */
  readonly #sought = new WeakMap<PageRequest, PageName>();
  readonly #keeping = new Set<Promise<void>>();
  #waitingPages = 0;
  #hits = 0;
  #misses = 0;
  #failures = 0;

  constructor(options: CachePageTierOptions) {
    this.#options = options;
  }

  get statistics(): TierStatistics {
    const { name, cache } = this.#options;
    const [hits, misses, failures] = [this.#hits, this.#misses, this.#failures];
    return { name, adapter: cache.name, hits, misses, failures };
  }

  async read(requests: readonly PageRequest[]): Promise<(CandlePage | undefined)[]> {
    const names = (await this.#counted(async () => this.#options.names.find(requests))) ?? [];
    const values = await this.#values(names);
    return requests.map((request, i) => {
      const name = names[i];
      if (name === undefined) return undefined;
      this.#sought.set(request, name);
      const page = this.#pageOf(values.get(name.key), request, name);
      if (page === undefined) this.#misses += 1;
      else this.#hits += 1;
      return page;
    });
  }

  async keep(requests: readonly PageRequest[], pages: readonly CandlePage[]): Promise<void> {
    if (this.#options.waits) {
      await this.#counted(() => this.#keep(requests, pages));
      return;
    }
    if (this.#waitingPages + pages.length > MAX_WAITING_PAGES) return;
    this.#waitingPages += pages.length;
    const keeping = this.#counted(() => this.#keep(requests, pages)).then(() => {
      this.#waitingPages -= pages.length;
      this.#keeping.delete(keeping);
    });
    this.#keeping.add(keeping);
  }

  async forget(tags: readonly string[]): Promise<void> {
    const selector = tags.length === 0 ? { prefix: 'candles/' } : { tags };
    await this.#counted(() => this.#options.cache.invalidate(selector));
  }

  async close(): Promise<void> {
    await Promise.all(this.#keeping);
    const { prefix } = this.#options.names;
    if (prefix !== undefined) await this.#counted(() => this.#options.cache.invalidate({ prefix }));
  }

  async #keep(requests: readonly PageRequest[], pages: readonly CandlePage[]): Promise<void> {
    const { names, cache } = this.#options;
    const kept: PageWrite[] = [];
    for (const [i, request] of requests.entries()) {
      const [page, name] = [pages[i], this.#sought.get(request)];
      if (page !== undefined && name !== undefined && isFresh(request, page.stamp)) {
        kept.push({ request, page, name });
      }
    }
    if (kept.length === 0) return;
    const areConfirmed = await names.confirm(
      kept.map(({ request }) => request),
      kept.map(({ name }) => name),
    );
    const writes = kept.filter((_, i) => areConfirmed[i]).map((write) => this.#writeOf(write));
    if (writes.length > 0) await cache.setMany(writes);
  }

  #writeOf({ request, page: { candles, stamp }, name }: PageWrite): CacheWrite {
    const { clock, expiry, seriesTags } = this.#options;
    const { key } = request.series;
    const now = clock.now();
    const cachedUntil = expiry.expiresAt(request, now);
    return {
      key: name.key,
      value: { candles, stamp, cachedUntil },
      // The cache may go by a clock of its own.
      ttlMs: cachedUntil - now,
      tags: pageTags(key, seriesTags(key)),
    };
  }

  async #values(
    names: readonly (PageName | undefined)[],
  ): Promise<ReadonlyMap<string, CacheValue | undefined>> {
    const { cache } = this.#options;
    const keys = names.flatMap((name) => name?.key ?? []);
    const [first] = keys;
    if (first === undefined) return new Map();
    const found = await this.#counted(async () =>
      keys.length === 1 ? [await cache.get(first)] : await cache.getMany(keys),
    );
    return new Map(keys.map((key, i) => [key, found?.[i]]));
  }

  #pageOf(
    value: CacheValue | undefined,
    request: PageRequest,
    name: PageName,
  ): CandlePage | undefined {
    if (!isCachedPage(value)) return undefined;
    const { candles, cachedUntil } = value;
    const stamp = name.stamp ?? value.stamp;
    if (!isFresh(request, stamp)) return undefined;
    return { candles, stamp, tier: this.#options.name, cachedUntil };
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

interface PageWrite {
  readonly request: PageRequest;
  readonly page: CandlePage;
  readonly name: PageName;
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
