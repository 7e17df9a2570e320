import type { StorageHarness } from '@barkeep/conformance/storage';
import { backupBugs } from './backup-bugs.ts';
import { coverageBugs } from './coverage-bugs.ts';
import { fileBackupBugs, fileHarness } from './file-backup-bugs.ts';
import { handleBugs } from './handle-bugs.ts';
import { maintenanceBugs } from './maintenance-bugs.ts';
import { type PlantedStorageBug, referenceHarness } from './plant-bug.ts';
import { readBugs } from './read-bugs.ts';
import { revisionBugs } from './revision-bugs.ts';
import { seriesBugs } from './series-bugs.ts';
import { snapshotBugs } from './snapshot-bugs.ts';
import { uncoveredBugs } from './uncovered-bugs.ts';
import { valueBugs } from './value-bugs.ts';
import { writeBugs } from './write-bugs.ts';

/** Storages that are wrong on purpose, each with the scenario that must find it out. */
export const plantedStorageBugs: readonly PlantedStorageBug[] = [
  ...writeBugs,
  ...valueBugs,
  ...readBugs,
  ...seriesBugs,
  ...coverageBugs,
  ...handleBugs,
  ...maintenanceBugs,
  ...backupBugs,
  ...fileBackupBugs,
  ...revisionBugs,
  ...snapshotBugs,
  ...uncoveredBugs,
];

/** For the processes that the suite starts. */
export const harnesses: readonly StorageHarness[] = [
  referenceHarness(),
  fileHarness(),
  ...plantedStorageBugs.map(({ harness }) => harness),
];
