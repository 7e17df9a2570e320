import type { AdapterDefinition } from '@barkeep/core';
import type { IDataCache } from './data-cache.ts';

/** What makes caches from URLs. */
export type CacheAdapter = AdapterDefinition<'cache', IDataCache>;
