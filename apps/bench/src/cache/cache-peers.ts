import { barkeepCache } from './barkeep-cache.ts';
import type { CachePeer } from './cache-peer.ts';
import { lruCachePages } from './lru-cache.ts';
import { plainMapPages } from './plain-map.ts';

/** Barkeep first. */
export const CACHE_PEERS: readonly CachePeer[] = [barkeepCache, lruCachePages, plainMapPages];
