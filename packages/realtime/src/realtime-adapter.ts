import type { AdapterDefinition } from '@barkeep/core';
import type { IRealtimeCache } from './realtime-cache.ts';

/** What makes realtime caches from URLs. */
export type RealtimeAdapter = AdapterDefinition<'realtime', IRealtimeCache>;
