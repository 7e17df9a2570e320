import { registerConformance } from '../register-conformance.ts';
import { driverConformanceHarness } from './driver/driver-subject.ts';
import {
  type PersisterHarness,
  persisterSuite,
  type SqliteDriverHarness,
  sqliteDriverSuite,
} from './index.ts';
import { persisterConformanceHarness } from './persister/persister-subject.ts';

/** Registers the driver suite with Vitest, one test per scenario. */
export function registerSqliteDriverConformance(harness: SqliteDriverHarness): void {
  registerConformance(sqliteDriverSuite, driverConformanceHarness(harness));
}

/** Registers the persister suite with Vitest, one test per scenario. */
export function registerPersisterConformance(harness: PersisterHarness): void {
  registerConformance(persisterSuite, persisterConformanceHarness(harness));
}
