import type { AdapterDefinition } from '@barkeep/core';
import type { IMarketDataStorage } from './market-data-storage.ts';

/** Defines how storages are created from URLs. */
export type StorageAdapter = AdapterDefinition<'storage', IMarketDataStorage>;
