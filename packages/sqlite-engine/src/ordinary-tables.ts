import { RECORD_PREFIX } from './backup-record.ts';
import type { SqliteDriver, SqliteRow } from './sqlite-driver.ts';

/** A table that holds rows of its own, ours or one that a user added. */
export interface UserTable {
  readonly name: string;
  readonly sql: string;
  /** Those that can be written: not the generated ones. */
  readonly columns: readonly string[];
  readonly hasRowid: boolean;
}

const ROWS_PER_STEP = 500;

/** Every ordinary table in the order of names, save SQLite's own, those of virtual tables, and the record of a backup. */
export function ordinaryTables(driver: SqliteDriver): UserTable[] {
  const tables = driver
    .prepare<readonly [name: string, withoutRowid: number, sql: string]>(
      `SELECT list.name, list.wr, sqlite_schema.sql
       FROM pragma_table_list AS list JOIN sqlite_schema USING (name)
       WHERE list.schema = 'main' AND list.type = 'table' AND sqlite_schema.type = 'table'
         AND list.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         AND substr(list.name, 1, ${RECORD_PREFIX.length}) <> '${RECORD_PREFIX}'
       ORDER BY list.name`,
    )
    .all([]);
  return tables.map(([name, withoutRowid, sql]) => ({
    name,
    sql,
    columns: columnsOf(driver, name),
    hasRowid: withoutRowid === 0,
  }));
}

/** Tables whose rows are another module's business, such as a full-text index. */
export function virtualTables(driver: SqliteDriver): string[] {
  return driver
    .prepare<readonly [name: string]>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual' ORDER BY name",
    )
    .all([])
    .map(([name]) => name);
}

/** The statements that make indexes, views and triggers, in an order in which they can be run. */
export function otherObjects(driver: SqliteDriver): string[] {
  return driver
    .prepare<readonly [sql: string]>(
      `SELECT sql FROM main.sqlite_schema
       WHERE type IN ('index', 'view', 'trigger') AND sql IS NOT NULL
         AND (type = 'view'
           OR tbl_name IN (SELECT name FROM pragma_table_list WHERE type IN ('table', 'view')))
       ORDER BY type = 'trigger', type = 'view', rowid`,
    )
    .all([])
    .map(([sql]) => sql);
}

/** The rows of a table, in their order, some at a time. */
export function* rowsOf(
  driver: SqliteDriver,
  { name, columns, hasRowid }: Omit<UserTable, 'sql'>,
): Generator<readonly SqliteRow[], void, void> {
  const selected = columns.map(quoted).join(', ');
  if (!hasRowid) {
    yield driver.prepare(`SELECT ${selected} FROM ${quoted(name)}`).all([]);
    return;
  }
  const page = driver.prepare(
    `SELECT ${selected}, rowid FROM ${quoted(name)}
     WHERE rowid > ? ORDER BY rowid LIMIT ${ROWS_PER_STEP}`,
  );
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const rows = page.all([after]);
    yield rows.map((row) => row.slice(0, -1));
    const last = Number(rows.at(-1)?.at(-1));
    if (rows.length < ROWS_PER_STEP || !(last > after)) return;
    after = last;
  }
}

/** An identifier in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function columnsOf(driver: SqliteDriver, table: string): string[] {
  return driver
    .prepare<readonly [name: string]>('SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0')
    .all([table])
    .map(([name]) => name);
}
