import { BarkeepError } from '@barkeep/core';
import { readNumberPragma } from './pragma.ts';
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from './schema.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { inTransaction } from './transaction.ts';

/**
 * The schema version of a Barkeep database, 0 for an empty one. Reads only.
 * @throws BarkeepError `NOT_A_DATABASE` when it belongs to another application, `SCHEMA_TOO_NEW`.
 */
export function readSchemaVersion(driver: SqliteDriver): number {
  if (driver.inTransaction) return recognise(driver);
  // Another process may be making the database: what is asked must be of one state of it.
  return inTransaction(driver, 'read', () => recognise(driver));
}

function recognise(driver: SqliteDriver): number {
  const version = readNumberPragma(driver, 'user_version');
  const application = readNumberPragma(driver, 'application_id');
  if (application !== APPLICATION_ID) {
    if (application === 0 && version === 0 && isEmpty(driver)) return 0;
    throw new BarkeepError(
      'NOT_A_DATABASE',
      'the file is an SQLite database of another application, not of Barkeep',
      { details: { application, expected: APPLICATION_ID } },
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new BarkeepError(
      'SCHEMA_TOO_NEW',
      `the database has schema version ${version}, and this Barkeep knows up to ${SCHEMA_VERSION}: update Barkeep`,
      { details: { version, supported: SCHEMA_VERSION } },
    );
  }
  return version;
}

/** Brings the database to the current schema, one transaction per version. */
export function migrate(driver: SqliteDriver): void {
  while (readSchemaVersion(driver) < SCHEMA_VERSION) {
    inTransaction(driver, 'write', () => migrateOnce(driver));
  }
}

function migrateOnce(driver: SqliteDriver): void {
  // Another process may have been faster between the check and the lock.
  const version = readSchemaVersion(driver);
  const migration = MIGRATIONS[version];
  if (migration === undefined) return;
  driver.exec(migration);
  driver.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + 1}`);
}

function isEmpty(driver: SqliteDriver): boolean {
  return driver.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get([]) === undefined;
}
