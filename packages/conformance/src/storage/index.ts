/**
 * The conformance suite for storages, without a test runner.
 *
 * `runStorageConformance` runs it and reports; `@barkeep/conformance/storage/vitest` registers the
 * same scenarios as tests.
 */
import type { IMarketDataStorage } from '@barkeep/storage';
import type { ConformanceHarness } from '../conformance-harness.ts';
import type { ConformanceSuite } from '../conformance-suite.ts';
import {
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from '../run-conformance.ts';
import { backupScenarios } from './scenarios/backup.ts';
import { capabilityScenarios } from './scenarios/capabilities.ts';
import { changeScenarios } from './scenarios/changes.ts';
import { coverageScenarios } from './scenarios/coverage.ts';
import { durabilityScenarios } from './scenarios/durability.ts';
import { faultScenarios } from './scenarios/faults.ts';
import { inputScenarios } from './scenarios/input.ts';
import { integrityScenarios } from './scenarios/integrity.ts';
import { isolationScenarios } from './scenarios/isolation.ts';
import { lifecycleScenarios } from './scenarios/lifecycle.ts';
import { maintenanceScenarios } from './scenarios/maintenance.ts';
import { modelScenarios } from './scenarios/model.ts';
import { scanScenarios } from './scenarios/scan.ts';
import { sharingScenarios } from './scenarios/sharing.ts';
import { sizeScenarios } from './scenarios/sizes.ts';
import { statisticsScenarios } from './scenarios/statistics.ts';

export type * from '../conformance-harness.ts';
export type { ConformanceOptions, ConformanceReport } from '../run-conformance.ts';

/** How the storage suite gets hold of an adapter. */
export type StorageHarness = ConformanceHarness<IMarketDataStorage>;

/** Everything a storage adapter must do. */
export const storageSuite: ConformanceSuite<IMarketDataStorage> = {
  name: 'storage',
  mark: {
    set: ({ metadata }) => metadata.set('mark', true),
    isSet: async ({ metadata }) => (await metadata.get('mark')) !== undefined,
  },
  scenarios: [
    ...modelScenarios,
    ...capabilityScenarios,
    ...lifecycleScenarios,
    ...inputScenarios,
    ...sizeScenarios,
    ...scanScenarios,
    ...coverageScenarios,
    ...changeScenarios,
    ...isolationScenarios,
    ...faultScenarios,
    ...durabilityScenarios,
    ...sharingScenarios,
    ...integrityScenarios,
    ...maintenanceScenarios,
    ...backupScenarios,
    ...statisticsScenarios,
  ],
};

/**
 * Runs every scenario that concerns a storage adapter.
 * @throws TypeError as `runConformance` does.
 */
export function runStorageConformance(
  harness: StorageHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(storageSuite, harness, options);
}
