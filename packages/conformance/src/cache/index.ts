import type { IDataCache } from '@barkeep/cache';
import type { ConformanceSuite } from '../conformance-suite.ts';
import { handleScenarios } from '../handle-scenarios.ts';
import {
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from '../run-conformance.ts';
import type { CacheHarness } from './cache-harness.ts';
import { CACHE_OPERATIONS } from './cache-operations.ts';
import { cacheScenarios } from './cache-scenario.ts';
import { assertEmpty } from './cached-state.ts';
import { batchScenarios } from './scenarios/batches.ts';
import { boundScenarios } from './scenarios/bounds.ts';
import { concurrencyScenarios } from './scenarios/concurrency.ts';
import { damageScenarios } from './scenarios/damage.ts';
import { expiryScenarios } from './scenarios/expiry.ts';
import { invalidationScenarios } from './scenarios/invalidation.ts';
import { keyScenarios } from './scenarios/keys.ts';
import { modelScenarios } from './scenarios/model.ts';
import { statisticsScenarios } from './scenarios/statistics.ts';
import { valueScenarios } from './scenarios/values.ts';

export type * from '../conformance-harness.ts';
export type { ConformanceSuite, Scenario } from '../conformance-suite.ts';
export type { ConformanceOptions, ConformanceReport } from '../run-conformance.ts';
export type * from './cache-harness.ts';

/** What every `IDataCache` must do. */
export const cacheSuite: ConformanceSuite<IDataCache> = {
  name: 'cache',
  mark: {
    set: (cache) => cache.set('mark', true),
    isSet: async (cache) => (await cache.get('mark')) !== undefined,
  },
  scenarios: [
    ...handleScenarios(cacheScenarios, { operations: () => CACHE_OPERATIONS, assertEmpty }),
    ...valueScenarios,
    ...keyScenarios,
    ...batchScenarios,
    ...expiryScenarios,
    ...invalidationScenarios,
    ...statisticsScenarios,
    ...boundScenarios,
    ...concurrencyScenarios,
    ...damageScenarios,
    ...modelScenarios,
  ],
};

/** Runs the cache suite without a test runner. An adapter conforms when `failed` is empty. */
export function runCacheConformance(
  harness: CacheHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(cacheSuite, harness, options);
}
