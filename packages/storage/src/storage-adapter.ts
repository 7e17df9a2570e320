import type { AdapterDefinition } from '@barkeep/core';
import type { IMarketDataStorage } from './market-data-storage.ts';

/** What makes storages from URLs. */
export type StorageAdapter = AdapterDefinition<'storage', IMarketDataStorage>;
