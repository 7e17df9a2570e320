import type { IDataCache } from '@barkeep/cache';
import type { ConformanceHarness } from '../conformance-harness.ts';

/**
 * How the cache suite gets hold of an adapter. Its caches need a default expiry of never, and room
 * for 100 entries and 2 MiB; small bounds beyond that let the scenarios about bounds run fast.
 */
export type CacheHarness = ConformanceHarness<IDataCache>;
