import type { MaintenanceAdvice, SlowQuery } from '@barkeep/storage';
import { SCHEMA } from '../schema-shape.ts';
import type { SqliteDriver } from '../sqlite-driver.ts';
import { scannedTable, statementPlan, usedIndex, WHOLE_TABLE } from './statement-plan.ts';

/** An index that somebody added. */
interface AddedIndex {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
}

/** Statements that read a whole table though they are not meant to. */
export function fullScans(
  driver: SqliteDriver,
  statements: readonly string[],
): MaintenanceAdvice[] {
  return statements
    .filter((sql) => !sql.includes(WHOLE_TABLE))
    .flatMap((sql) => {
      const table = statementPlan(driver, sql)
        .map(scannedTable)
        .find((it) => it !== undefined);
      if (table === undefined || !SCHEMA.isOwnName(table)) return [];
      return {
        kind: 'full-scan' as const,
        subject: sql,
        message: `it reads all of ${table}: an index is missing, or SQLite's statistics mislead it`,
        suggestion: 'PRAGMA optimize, then look at the plan again; report it when it stays',
      };
    });
}

/** What users added to the file, and what it is good for. */
export function addedParts(
  driver: SqliteDriver,
  statements: readonly string[],
): MaintenanceAdvice[] {
  return [...foreignTables(driver), ...addedIndexes(driver, statements)];
}

export function slowQueryAdvice(slow: readonly SlowQuery[]): MaintenanceAdvice[] {
  const bySql = Map.groupBy(slow, ({ sql }) => sql);
  return Array.from(bySql, ([sql, all]) => {
    const slowest = all.reduce((a, b) => (a.tookMs > b.tookMs ? a : b));
    const scan = slowest.plan.some((step) => scannedTable(step) !== undefined);
    return {
      kind: 'slow-query' as const,
      subject: sql,
      message: `${all.length} times slower than usual, at most ${Math.round(slowest.tookMs)} ms (${slowest.plan.join('; ')})`,
      suggestion: scan
        ? 'see full-scan'
        : 'its plan is right: look for a busy disk, a lock of another process, or a cold cache',
    };
  });
}

function foreignTables(driver: SqliteDriver): MaintenanceAdvice[] {
  const found = driver
    .prepare<readonly [string]>(
      `SELECT name FROM sqlite_schema ${WHOLE_TABLE}
       WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
    )
    .all([]);
  return found
    .filter(([name]) => !SCHEMA.isOwnName(name))
    .map(([name]) => ({
      kind: 'foreign-table' as const,
      subject: name,
      message: 'it is none of ours: it is left alone, and counts towards the size of the file',
      suggestion: 'keep it in a database of its own if others write to it often',
    }));
}

function addedIndexes(driver: SqliteDriver, statements: readonly string[]): MaintenanceAdvice[] {
  const found = driver
    .prepare<readonly [string, string]>(
      `SELECT name, tbl_name FROM sqlite_schema ${WHOLE_TABLE}
       WHERE type = 'index' AND sql IS NOT NULL ORDER BY name`,
    )
    .all([]);
  const indexes = found
    .filter(([, table]) => SCHEMA.isOwnName(table))
    .map(([name, table]) => ({ name, table, columns: indexColumns(driver, name) }));
  const used = new Set(statements.flatMap((sql) => statementPlan(driver, sql).map(usedIndex)));
  return indexes.map((index) => judge(driver, index, indexes, used.has(index.name)));
}

function judge(
  driver: SqliteDriver,
  index: AddedIndex,
  all: readonly AddedIndex[],
  isUsed: boolean,
): MaintenanceAdvice {
  const { name, table, columns } = index;
  const suggestion = `DROP INDEX ${quoted(name)}`;
  const key = primaryKey(driver, table);
  const others = all.filter((it) => it !== index && it.table === table);
  const longer = others.find((it) => startsWith(it.columns, columns));
  if (startsWith(key, columns) || longer !== undefined) {
    const what = startsWith(key, columns) ? `the order of ${table} itself` : longer?.name;
    const message = `${what} begins with the same columns (${columns.join(', ')})`;
    return { kind: 'redundant-index', subject: name, message, suggestion };
  }
  const isPermuted = columns.length === key.length && columns.every((it) => key.includes(it));
  if (isPermuted && !isUsed) {
    const message = `statements look for (${key.join(', ')}) in this order, and it has (${columns.join(', ')})`;
    return { kind: 'column-order', subject: name, message, suggestion };
  }
  const message = isUsed
    ? `statements of Barkeep go by it (${columns.join(', ')}), and their own key would do`
    : `no statement of Barkeep goes by it (${columns.join(', ')}), and every write keeps it up`;
  return {
    kind: 'unused-index',
    subject: name,
    message,
    suggestion: `${suggestion}, unless queries of your own need it`,
  };
}

function indexColumns(driver: SqliteDriver, index: string): string[] {
  return driver
    .prepare<readonly [string | null]>('SELECT name FROM pragma_index_info(?) ORDER BY seqno')
    .all([index])
    .map(([name]) => name ?? 'an expression');
}

function primaryKey(driver: SqliteDriver, table: string): string[] {
  return driver
    .prepare<readonly [string]>('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk')
    .all([table])
    .map(([name]) => name);
}

function startsWith(columns: readonly string[], first: readonly string[]): boolean {
  return first.every((column, i) => columns[i] === column);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
