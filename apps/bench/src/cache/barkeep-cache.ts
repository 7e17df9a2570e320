import { MemoryCache } from '@barkeep/cache-memory';
import type { CandleSeries } from '@barkeep/core';
import { CACHE_MAX_ENTRIES, CACHE_TTL_MS, type CachePeer, type PageCache } from './cache-peer.ts';

export const barkeepCache: CachePeer = {
  name: 'Barkeep, cache',
  description: `@barkeep/cache-memory through IDataCache: at most ${CACHE_MAX_ENTRIES} entries and 1 GiB, an expiry per entry; each call is awaited`,
  libraries: ['@barkeep/cache-memory', 'lru-cache'],
  open: async () => {
    const cache = new MemoryCache({ maxEntries: CACHE_MAX_ENTRIES, maxBytes: 2 ** 30 });
    await cache.open();
    return new BarkeepPages(cache);
  },
};

class BarkeepPages implements PageCache {
  readonly #cache: MemoryCache;

  constructor(cache: MemoryCache) {
    this.#cache = cache;
  }

  async setEach(keys: readonly string[], page: CandleSeries): Promise<void> {
    for (const key of keys) await this.#cache.set(key, page, { ttlMs: CACHE_TTL_MS });
  }

  async countHits(keys: readonly string[]): Promise<number> {
    let hits = 0;
    for (const key of keys) if ((await this.#cache.get(key)) !== undefined) hits += 1;
    return hits;
  }

  close(): Promise<void> {
    return this.#cache.close();
  }
}
