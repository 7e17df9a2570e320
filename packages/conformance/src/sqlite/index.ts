/** The conformance suites for what lies under an SQLite storage: drivers, and persisters of databases. */
import type { Persister, SqliteDriver } from '@barkeep/sqlite-engine';
import type { ConformanceHarness } from '../conformance-harness.ts';
import type { ConformanceSuite } from '../conformance-suite.ts';
import {
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from '../run-conformance.ts';
import { driverScenarios } from './driver-scenarios.ts';
import { persisterScenarios } from './persister-scenarios.ts';

export type * from '../conformance-harness.ts';
export type { ConformanceOptions, ConformanceReport } from '../run-conformance.ts';

/** Without `createAt` where databases are in memory, each its connection's own. */
export type SqliteDriverHarness = ConformanceHarness<SqliteDriver>;

/** Its persisters are not loaded. Without `createAt` where names of databases follow rules of others. */
export type PersisterHarness = ConformanceHarness<Persister>;

/** What every `SqliteDriver` must do. */
export const sqliteDriverSuite: ConformanceSuite<SqliteDriver> = {
  name: 'sqlite-driver',
  scenarios: driverScenarios,
  mark: {
    set: async (driver) => driver.exec('CREATE TABLE mark (x)'),
    isSet: async (driver) => driver.prepare('SELECT * FROM sqlite_schema').all([]).length > 0,
  },
};

/** What every `Persister` must do. */
export const persisterSuite: ConformanceSuite<Persister> = {
  name: 'persister',
  scenarios: persisterScenarios,
};

/** Runs the driver suite without a test runner. A driver conforms when `failed` is empty. */
export function runSqliteDriverConformance(
  harness: SqliteDriverHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(sqliteDriverSuite, harness, options);
}

/** Runs the persister suite without a test runner. A persister conforms when `failed` is empty. */
export function runPersisterConformance(
  harness: PersisterHarness,
  options?: ConformanceOptions,
): Promise<ConformanceReport> {
  return runConformance(persisterSuite, harness, options);
}
