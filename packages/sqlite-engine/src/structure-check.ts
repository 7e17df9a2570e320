import type { IntegrityProblem } from '@barkeep/storage';
import { WHOLE_TABLE } from './maintenance/statement-plan.ts';
import { readNumberPragma } from './pragma.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { SCHEMA } from './schema-shape.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/** Where SQLite finds the file damaged. */
export type DamagedPart =
  /** Pages of a table or index cannot be read, are in two places, or are out of order. */
  | 'tree'
  /** An index disagrees with its table. */
  | 'index'
  /** A value is not of its column's type. */
  | 'value'
  /** The lists of free pages or of pages' parents are wrong; the tables are not. */
  | 'space'
  /** Nobody can tell. */
  | 'unknown';

export interface StructureFault {
  readonly part: DamagedPart;
  /** Whose pages they are, where that is known. */
  readonly table: string | undefined;
  readonly message: string;
}

const MOST_FAULTS = 1_000;
/** What may keep a check from looking, and is no finding. */
const NO_FINDING: readonly string[] = ['BUSY', 'IO', 'DISK_FULL'];

/** What `integrity_check`, or `quick_check`, finds; whatever it is, SQLite reports it or stops. */
export function structureFaults(
  driver: SqliteDriver,
  pragma: 'integrity_check' | 'quick_check' = 'integrity_check',
): StructureFault[] {
  const messages = findingsOf(driver, `${pragma}(${MOST_FAULTS})`);
  if (messages.length === 0) return [];
  const tables = tablesOf(driver);
  const faults = messages.map((message) => judge(message, tables));
  if (faults.every(({ part }) => part !== 'unknown')) return faults;
  // Where it stopped, or names no table: each table by itself, so that one does not hide another.
  const apart = [...new Set(tables.values())].flatMap((table) =>
    findingsOf(driver, `${pragma}(${quoted(table)})`).map((message): StructureFault => {
      const fault = judge(message, tables);
      return fault.part === 'unknown' ? { part: 'tree', table, message } : fault;
    }),
  );
  const known = new Set(apart.map(({ message }) => message));
  const rest = faults.filter(({ message }) => !known.has(message));
  const isExplained = apart.some(({ part }) => part === 'tree');
  return [...apart, ...rest.filter(({ part }) => part !== 'unknown' || !isExplained)];
}

function findingsOf(driver: SqliteDriver, pragma: string): string[] {
  try {
    return driver
      .prepare<readonly [message: string]>(`PRAGMA ${pragma}`)
      .all([])
      .flatMap(([message]) => message.split('\n'))
      .filter((line) => line !== 'ok' && !line.startsWith('*** in database'));
  } catch (error) {
    return [reasonOf(error)];
  }
}

function quoted(name: string): string {
  return `'${name.replaceAll("'", "''")}'`;
}

/** What a check reports of it. */
export function structureProblem({ part, table, message }: StructureFault): IntegrityProblem {
  const problem = { kind: 'damaged', ...(table === undefined ? {} : { table }) } as const;
  const place = table === undefined ? '' : `in ${table}: `;
  switch (part) {
    case 'index':
    case 'space':
      return { ...problem, repair: 'rebuild', message };
    case 'value':
      return { ...problem, repair: VALUE_REMEDIES.get(table ?? '') ?? 'restore-backup', message };
    case 'tree': {
      const repair = TREE_REMEDIES.get(table ?? '') ?? 'restore-backup';
      return { ...problem, repair, message: `${place}${message}${salvage(table)}` };
    }
    case 'unknown':
      return { ...problem, repair: 'restore-backup', message };
  }
}

/** What of the schema is not as it was made. Reads only. */
export function schemaProblems(driver: SqliteDriver): IntegrityProblem[] {
  const shape = SCHEMA.read(driver);
  const version = readNumberPragma(driver, 'user_version');
  const views = [...SCHEMA.alteredViews(shape).keys()].map(
    (view): IntegrityProblem => ({
      kind: 'damaged',
      repair: 'rebuild',
      table: view,
      message: `the view ${view} is missing, or is not what it was made as`,
    }),
  );
  const faults = SCHEMA.faultsOf(shape, SCHEMA_VERSION).map(
    (message): IntegrityProblem => ({ kind: 'damaged', repair: 'restore-backup', message }),
  );
  if (version === SCHEMA_VERSION) return [...views, ...faults];
  const message = `the header says schema version ${version} instead of ${SCHEMA_VERSION}`;
  return [...views, ...faults, { kind: 'damaged', repair: 'restore-backup', message }];
}

/** The words of an error that is a finding. @throws BarkeepError one that is none. */
export function reasonOf(error: unknown): string {
  const { code, message } = sqliteFailure(error);
  if (NO_FINDING.includes(code)) throw error;
  return message;
}

/** The tables that can be emptied, since what they hold can be had again. */
const TREE_REMEDIES: ReadonlyMap<string, IntegrityProblem['repair']> = new Map([
  ['coverage', 'forget-coverage'],
  ['revisions', 'rebuild'],
  ['change_log', 'rebuild'],
  ['leases', 'rebuild'],
]);

/** In which tables the rest of a repair takes care of values of another type. */
const VALUE_REMEDIES: ReadonlyMap<string, IntegrityProblem['repair']> = new Map([
  ['series', 'recount'],
  ['candle_rows', 'quarantine'],
  ['wide_candle_rows', 'quarantine'],
  ['segments', 'quarantine'],
  ['coverage', 'forget-coverage'],
  ['revisions', 'rebuild'],
  ['change_log', 'rebuild'],
  ['leases', 'rebuild'],
]);

function salvage(table: string | undefined): string {
  if (['candle_rows', 'wide_candle_rows', 'segments'].includes(table ?? '')) {
    return '. Candles on its other pages can still be read, and exported';
  }
  if (table === 'series') return '. Nothing can be read under the names of lost series';
  if (table === 'metadata') return '. Candles are not affected';
  return table === undefined ? '' : '. Candles can still be read, and exported';
}

/** The tables by the first page of their trees and of their indexes' trees, and by the names of both. */
function tablesOf(driver: SqliteDriver): ReadonlyMap<number | string, string> {
  try {
    const rows = driver
      .prepare<readonly [root: number, name: string, table: string]>(
        `SELECT rootpage, name, tbl_name FROM sqlite_schema ${WHOLE_TABLE} WHERE rootpage > 0`,
      )
      .all([]);
    return new Map<number | string, string>(
      rows.flatMap(([root, name, table]) => [[root, table] as const, [name, table] as const]),
    );
  } catch (error) {
    // A schema that cannot be read names nothing; the check reports it by itself.
    reasonOf(error);
    return new Map();
  }
}

/** Of lists that follow from the tables: which pages, and bytes of pages, are free, and whose they are. */
const SPACE =
  /^Page \d+: (?:never used|pointer map referenced)|\b(?:Bad ptr map entry|Failed to read ptrmap) |^max rootpage|^Fragmentation of|: free space corruption$/;

function judge(message: string, tables: ReadonlyMap<number | string, string>): StructureFault {
  const [, tree] = /^(?:Tree|On tree page) (\d+)\b/.exec(message) ?? [];
  const table = Number(tree) === 1 ? 'sqlite_schema' : tables.get(Number(tree));
  if (SPACE.test(message)) return { part: 'space', table, message };
  if (tree !== undefined) return { part: 'tree', table, message };
  if (/^(?:Main f|F)reelist\b/.test(message)) {
    const isTwice = /2nd reference/.test(message);
    return { part: isTwice ? 'tree' : 'space', table, message };
  }
  if (/^Multiple uses for byte/.test(message)) return { part: 'tree', table, message };
  const [, keyed] = /^row not in PRIMARY KEY order for (\w+)/.exec(message) ?? [];
  if (keyed !== undefined) return { part: 'tree', table: keyed, message };
  const [, index] = /\bindex (\w+)$/.exec(message) ?? [];
  if (index !== undefined) return { part: 'index', table: tables.get(index), message };
  const [, typed] = / value in (\w+)\./.exec(message) ?? [];
  return { part: typed === undefined ? 'unknown' : 'value', table: typed, message };
}
