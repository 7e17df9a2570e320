import type { IMarketDataStorage } from '@barkeep/storage';
import type { ConformanceHarness } from '../conformance-harness.ts';

/** How the storage suite gets hold of an adapter. */
export type StorageHarness = ConformanceHarness<IMarketDataStorage>;
