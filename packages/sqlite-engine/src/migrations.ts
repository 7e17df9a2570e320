import { BarkeepError } from '@barkeep/core';
import { readNumberPragma } from './pragma.ts';
import { APPLICATION_ID } from './schema.ts';
import { SCHEMA, type SchemaHistory, type SchemaShape } from './schema-shape.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { inTransaction } from './transaction.ts';

/** What a database is found to be. */
interface Recognised {
  /** 0 for an empty one. */
  readonly version: number;
  /** Whether its header says so too: the header of a database restored from SQL text is empty. */
  readonly isLabelled: boolean;
  readonly shape: SchemaShape;
}

/**
 * The schema version of a Barkeep database, 0 for an empty one. Reads only.
 * @throws BarkeepError `NOT_A_DATABASE` when it belongs to another application, `SCHEMA_TOO_NEW`,
 * `CORRUPT` when header and tables contradict each other.
 */
export function readSchemaVersion(driver: SqliteDriver): number {
  // Another process may be making the database: what is asked must be of one state of it.
  return inTransaction(driver, 'read', () => recognise(driver, SCHEMA)).version;
}

/** Brings the database to the current schema, one transaction per version. */
export function migrate(driver: SqliteDriver, schema: SchemaHistory = SCHEMA): void {
  for (let step = 0; step <= schema.version; step += 1) {
    if (inTransaction(driver, 'read', () => isCurrent(driver, schema))) return;
    inTransaction(driver, 'write', () => migrateOnce(driver, schema));
  }
}

function isCurrent(driver: SqliteDriver, schema: SchemaHistory): boolean {
  const { version, isLabelled, shape } = recognise(driver, schema);
  return (
    version === schema.version && isLabelled && schema.missingViews(shape, version).length === 0
  );
}

function migrateOnce(driver: SqliteDriver, schema: SchemaHistory): void {
  // Another process may have been faster between the check and the lock.
  const { version, shape } = recognise(driver, schema);
  for (const view of schema.missingViews(shape, version)) driver.exec(view);
  driver.exec(schema.migrations[version] ?? '');
  const next = Math.min(version + 1, schema.version);
  driver.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${next}`);
}

/** Whose database it is and of which version: by its tables, which the header must not contradict. */
function recognise(driver: SqliteDriver, schema: SchemaHistory): Recognised {
  const version = readNumberPragma(driver, 'user_version');
  const application = readNumberPragma(driver, 'application_id');
  const shape = schema.read(driver);
  const found = schema.versionOf(shape);
  if (application === APPLICATION_ID) {
    if (version > schema.version) throw tooNew(version, schema.version);
    if (found !== version) throw contradiction(schema.faultsOf(shape, version), version, found);
    return { version, isLabelled: true, shape };
  }
  if (application !== 0) throw foreign(application, found);
  if (version === 0 && isEmpty(driver)) return { version, isLabelled: false, shape };
  if (found === undefined) throw foreign(application, found);
  if (version !== 0 && version !== found)
    throw contradiction(schema.faultsOf(shape, version), version, found);
  return { version: found, isLabelled: false, shape };
}

function tooNew(version: number, supported: number): BarkeepError {
  return new BarkeepError(
    'SCHEMA_TOO_NEW',
    `the database has schema version ${version}, and this Barkeep knows up to ${supported}: update Barkeep`,
    { details: { version, supported } },
  );
}

function foreign(application: number, found: number | undefined): BarkeepError {
  const hint =
    found === undefined
      ? 'check the path'
      : `its tables are those of Barkeep, though: if it is yours, run PRAGMA application_id = ${APPLICATION_ID}`;
  return new BarkeepError(
    'NOT_A_DATABASE',
    `the file is an SQLite database of another application, not of Barkeep: ${hint}`,
    { details: { application, expected: APPLICATION_ID } },
  );
}

function contradiction(
  faults: readonly string[],
  version: number,
  found: number | undefined,
): BarkeepError {
  const message =
    found === undefined
      ? `the tables of the database are damaged: ${faults.join(', ')}. Restore a backup`
      : `the header of the database says schema version ${version}, and its tables are those of version ${found}. Restore a backup; or, if nothing else is wrong with it, run PRAGMA user_version = ${found}`;
  return new BarkeepError('CORRUPT', message, { details: { version, found, faults } });
}

function isEmpty(driver: SqliteDriver): boolean {
  return driver.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get([]) === undefined;
}
