import type { AdapterDefinition } from '@barkeep/core';
import type { IDataCache } from './data-cache.ts';

/** Defines how caches are created from URLs. */
export type CacheAdapter = AdapterDefinition<'cache', IDataCache>;
