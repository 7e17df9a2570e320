import type { CandleSeries } from '@barkeep/core';
import { LRUCache } from 'lru-cache';
import { CACHE_MAX_ENTRIES, CACHE_TTL_MS, type CachePeer, type PageCache } from './cache-peer.ts';

export const lruCachePages: CachePeer = {
  name: 'lru-cache',
  description: `lru-cache, called synchronously: max ${CACHE_MAX_ENTRIES}, no byte bound, an expiry per entry`,
  libraries: ['lru-cache'],
  open: async () => new LruPages(),
};

class LruPages implements PageCache {
  readonly #cache = new LRUCache<string, CandleSeries>({ max: CACHE_MAX_ENTRIES });

  async setEach(keys: readonly string[], page: CandleSeries): Promise<void> {
    for (const key of keys) this.#cache.set(key, page, { ttl: CACHE_TTL_MS });
  }

  async countHits(keys: readonly string[]): Promise<number> {
    let hits = 0;
    for (const key of keys) if (this.#cache.get(key) !== undefined) hits += 1;
    return hits;
  }

  async close(): Promise<void> {
    this.#cache.clear();
  }
}
