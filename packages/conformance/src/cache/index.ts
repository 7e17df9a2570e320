/**
 * The conformance suite for caches, without a test runner.
 *
 * `runCacheConformance` runs it and reports; `@barkeep/conformance/cache/vitest` registers the same
 * scenarios as tests.
 */
import type { IDataCache } from '@barkeep/cache';
import { assertEqual } from '../assertions.ts';
import type { ConformanceHarness } from '../conformance-harness.ts';
import type { ConformanceSuite } from '../conformance-suite.ts';
import { type HandleOperation, handleScenarios } from '../handle-scenarios.ts';
import {
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from '../run-conformance.ts';
import { cacheScenarios } from './cache-scenario.ts';
import { boundScenarios } from './scenarios/bounds.ts';
import { failureScenarios } from './scenarios/failures.ts';
import { modelScenarios } from './scenarios/model.ts';
import { processScenarios } from './scenarios/processes.ts';

export type * from '../conformance-harness.ts';
export type { ConformanceSuite, Scenario } from '../conformance-suite.ts';
export type { ConformanceOptions, ConformanceReport } from '../run-conformance.ts';

/**
 * How the cache suite gets hold of an adapter. Its caches need a default expiry of never, and room
 * for 500 entries and 4 MiB; small bounds beyond that let the scenarios about bounds run fast.
 */
export type CacheHarness = ConformanceHarness<IDataCache>;

type CacheOperationName = Exclude<
  keyof IDataCache,
  'name' | 'capabilities' | 'state' | 'open' | 'close' | typeof Symbol.asyncDispose
>;

/**
 * A valid call of every asynchronous method. The type asks for each of them, so a method that the
 * contract gains is a compile error here until it is called in every state of a cache's life.
 */
const OPERATIONS: Readonly<Record<CacheOperationName, HandleOperation<IDataCache>>> = {
  get: (cache, options) => cache.get('key', options),
  getMany: (cache, options) => cache.getMany(['key', 'other'], options),
  set: (cache, options) => cache.set('key', 'value', { ...options, tags: ['tag'] }),
  setMany: (cache, options) => cache.setMany([{ key: 'key', value: 'value' }], options),
  delete: (cache, options) => cache.delete('key', options),
  invalidate: (cache, options) => cache.invalidate({ prefix: 'k' }, options),
  clear: (cache, options) => cache.clear(options),
  keys: (cache, options) => cache.keys('', options),
  sweep: (cache, options) => cache.sweep(options),
  stats: (cache, options) => cache.stats(options),
};

/** What every `IDataCache` must do. */
export const cacheSuite: ConformanceSuite<IDataCache> = {
  name: 'cache',
  mark: {
    set: (cache) => cache.set('mark', true),
    isSet: async (cache) => (await cache.get('mark')) !== undefined,
  },
  scenarios: [
    ...modelScenarios,
    ...handleScenarios(cacheScenarios, {
      operations: () => OPERATIONS,
      assertEmpty: async (cache, what) => assertEqual(await cache.keys(), [], `${what}: the keys`),
    }),
    ...boundScenarios,
    ...failureScenarios,
    ...processScenarios,
  ],
};

/** Runs the cache suite without a test runner. An adapter conforms when `failed` is empty. */
export function runCacheConformance(
  harness: CacheHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(cacheSuite, harness, options);
}
