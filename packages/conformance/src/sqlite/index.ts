/**
 * The conformance suites for what lies under an SQLite storage: drivers of SQLite libraries, and persisters
 * of databases in memory.
 */
import type { ConformanceSuite } from '../conformance-suite.ts';
import {
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from '../run-conformance.ts';
import { driverScenarios } from './driver/driver-scenarios.ts';
import {
  driverConformanceHarness,
  type SqliteDriverHarness,
  type SqliteDriverSubject,
} from './driver/driver-subject.ts';
import { persisterScenarios } from './persister/persister-scenarios.ts';
import {
  type PersisterHarness,
  type PersisterSubject,
  persisterConformanceHarness,
} from './persister/persister-subject.ts';

export type { HarnessContext, ModelOptions } from '../conformance-harness.ts';
export type { ConformanceOptions, ConformanceReport } from '../run-conformance.ts';
export type { PersisterHarness, PersisterSubject, SqliteDriverHarness, SqliteDriverSubject };

/** What every `SqliteDriver` must do. */
export const sqliteDriverSuite: ConformanceSuite<SqliteDriverSubject> = {
  name: 'sqlite-driver',
  scenarios: driverScenarios,
  mark: {
    set: async ({ driver }) => driver.exec('CREATE TABLE mark (x)'),
    isSet: async ({ driver }) => driver.prepare('SELECT * FROM sqlite_schema').all([]).length > 0,
  },
};

/** Runs the driver suite without a test runner. A driver conforms when `failed` is empty. */
export function runSqliteDriverConformance(
  harness: SqliteDriverHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(sqliteDriverSuite, driverConformanceHarness(harness), options);
}

/** What every `Persister` must do. */
export const persisterSuite: ConformanceSuite<PersisterSubject> = {
  name: 'persister',
  scenarios: persisterScenarios,
};

/** Runs the persister suite without a test runner. A persister conforms when `failed` is empty. */
export function runPersisterConformance(
  harness: PersisterHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(persisterSuite, persisterConformanceHarness(harness), options);
}
