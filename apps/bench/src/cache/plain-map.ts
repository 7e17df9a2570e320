import type { CandleSeries } from '@barkeep/core';
import { CACHE_TTL_MS, type CachePeer, type PageCache } from './cache-peer.ts';

export const plainMapPages: CachePeer = {
  name: 'Map',
  description: 'a Map whose entries carry their expiry, looked at on each read: no bound',
  libraries: [],
  open: async () => new MapPages(),
};

class MapPages implements PageCache {
  readonly #entries = new Map<string, { page: CandleSeries; expiresAt: number }>();

  async setEach(keys: readonly string[], page: CandleSeries): Promise<void> {
    for (const key of keys) this.#entries.set(key, { page, expiresAt: Date.now() + CACHE_TTL_MS });
  }

  async countHits(keys: readonly string[]): Promise<number> {
    let hits = 0;
    for (const key of keys) if ((this.#entries.get(key)?.expiresAt ?? 0) > Date.now()) hits += 1;
    return hits;
  }

  async close(): Promise<void> {
    this.#entries.clear();
  }
}
