import { registerConformance } from '../register-conformance.ts';
import {
  type PersisterHarness,
  persisterSuite,
  type SqliteDriverHarness,
  sqliteDriverSuite,
} from './index.ts';

/** Registers the driver suite with Vitest, one test per scenario. */
export function registerSqliteDriverConformance(harness: SqliteDriverHarness): void {
  registerConformance(sqliteDriverSuite, harness);
}

/** Registers the persister suite with Vitest, one test per scenario. */
export function registerPersisterConformance(harness: PersisterHarness): void {
  registerConformance(persisterSuite, harness);
}
