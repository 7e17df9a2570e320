import { RECORD_PREFIX } from './backup-record.ts';
import type { SqliteDriver } from './sqlite-driver.ts';

/** A table that holds rows of its own, ours or one that a user added. */
export interface UserTable {
  readonly name: string;
  readonly sql: string;
  /** Those that can be written: not the generated ones. */
  readonly columns: readonly string[];
  readonly hasRowid: boolean;
}

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
