import type { IMarketDataStorage } from '@barkeep/storage';
import type { ConformanceSuite } from '../conformance-suite.ts';
import { abortScenarios } from './scenarios/abort.ts';
import { backupScenarios } from './scenarios/backup.ts';
import { capabilityScenarios } from './scenarios/capabilities.ts';
import { changeScenarios } from './scenarios/changes.ts';
import { concurrencyScenarios } from './scenarios/concurrency.ts';
import { coverageScenarios } from './scenarios/coverage.ts';
import { integrityScenarios } from './scenarios/integrity.ts';
import { invalidScenarios } from './scenarios/invalid.ts';
import { lifecycleScenarios } from './scenarios/lifecycle.ts';
import { listScenarios } from './scenarios/list.ts';
import { maintenanceScenarios } from './scenarios/maintenance.ts';
import { metadataScenarios } from './scenarios/metadata.ts';
import { modelScenarios } from './scenarios/model.ts';
import { readScenarios } from './scenarios/read.ts';
import { readColumnsScenarios } from './scenarios/read-columns.ts';
import { removeScenarios } from './scenarios/remove.ts';
import { reopenScenarios } from './scenarios/reopen.ts';
import { revisionScenarios } from './scenarios/revisions.ts';
import { scanScenarios } from './scenarios/scan.ts';
import { snapshotScenarios } from './scenarios/snapshots.ts';
import { statisticsScenarios } from './scenarios/statistics.ts';
import { symbolScenarios } from './scenarios/symbols.ts';
import { valueScenarios } from './scenarios/values.ts';
import { writeScenarios } from './scenarios/write.ts';
import { writeUncoveredScenarios } from './scenarios/write-uncovered.ts';

/** Everything a storage adapter must do. */
export const storageSuite: ConformanceSuite<IMarketDataStorage> = {
  name: 'storage',
  mark: {
    set: ({ metadata }) => metadata.set('mark', true),
    isSet: async ({ metadata }) => (await metadata.get('mark')) !== undefined,
  },
  scenarios: [
    ...capabilityScenarios,
    ...lifecycleScenarios,
    ...writeScenarios,
    ...writeUncoveredScenarios,
    ...valueScenarios,
    ...invalidScenarios,
    ...readScenarios,
    ...readColumnsScenarios,
    ...scanScenarios,
    ...removeScenarios,
    ...listScenarios,
    ...symbolScenarios,
    ...coverageScenarios,
    ...metadataScenarios,
    ...changeScenarios,
    ...revisionScenarios,
    ...snapshotScenarios,
    ...abortScenarios,
    ...concurrencyScenarios,
    ...reopenScenarios,
    ...integrityScenarios,
    ...maintenanceScenarios,
    ...backupScenarios,
    ...statisticsScenarios,
    ...modelScenarios,
  ],
};
