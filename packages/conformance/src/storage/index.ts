/**
 * The conformance suite for storages, without a test runner.
 *
 * `runStorageConformance` runs it and reports; `@barkeep/conformance/storage/vitest` registers the
 * same scenarios as tests.
 */
import {
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from '../run-conformance.ts';
import type { StorageHarness } from './storage-harness.ts';
import { storageSuite } from './storage-suite.ts';

export type * from '../conformance-harness.ts';
export type { ConformanceOptions, ConformanceReport } from '../run-conformance.ts';
export type * from './storage-harness.ts';
export * from './storage-suite.ts';

/**
 * Runs every scenario that concerns a storage adapter.
 * @throws TypeError when `knownGaps` or `only` has a key that no scenario has.
 */
export function runStorageConformance(
  harness: StorageHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(storageSuite, harness, options);
}
