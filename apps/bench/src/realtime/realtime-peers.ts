import { barkeepRealtime } from './barkeep-realtime.ts';
import { lruCache, lruCacheAwaited } from './lru-cache.ts';
import { plainMap } from './plain-map.ts';
import type { RealtimePeer } from './realtime-peer.ts';

/** Barkeep first. */
export const REALTIME_PEERS: readonly RealtimePeer[] = [
  barkeepRealtime,
  lruCache,
  lruCacheAwaited,
  plainMap,
];
