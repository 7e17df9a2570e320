import type { AdapterDefinition } from '@barkeep/core';
import type { IRealtimeCache } from './realtime-cache.ts';

/** Defines how realtime caches are created from URLs. */
export type RealtimeAdapter = AdapterDefinition<'realtime', IRealtimeCache>;
