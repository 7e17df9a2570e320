import { BarkeepError } from '@barkeep/core';
import type { BackupProgress } from '@barkeep/storage';
import { type BackupFigures, computeFigures } from './backup-figures.ts';
import { RECORD_PREFIX } from './backup-record.ts';
import type { BackupSteps } from './backup-steps.ts';
import { ordinaryTables, quoted, type UserTable, virtualTables } from './ordinary-tables.ts';
import { readNumberPragma } from './pragma.ts';
import type { SqliteDriver, SqliteRow } from './sqlite-driver.ts';

/** The new file that a copy goes to. */
export interface CopyTarget {
  readonly path: string;
  /** A connection to the file, made where there is none. */
  open(): SqliteDriver;
  remove(): void;
}

/** What was copied: figures of the state that the copy is of. */
export interface CopiedState {
  readonly figures: BackupFigures;
  readonly omitted: readonly string[];
}

const COPY = 'copy';
/** About a millisecond's worth: whoever copies looks at the time between two pieces. */
const ROWS_PER_PIECE = 2_000;
const BLOBS_PER_PIECE = 16;
const SCHEMA_ATTEMPTS = 5;
/** What part of the work copying is; the rest is reading once more what was copied. */
const COPYING = 0.7;

/** By what the rows of our tables without a row number are found again. */
const KEYS: Readonly<Record<string, readonly [string, string]>> = {
  candle_rows: ['series_id', 'timestamp'],
  coverage: ['series_id', 'from_time'],
  revisions: ['series_id', 'bucket'],
};
const WITH_BLOBS: readonly string[] = ['segments', 'damaged_segments'];

/**
 * Copies a database table by table in one read transaction, so that whoever else writes neither waits nor
 * makes it begin anew, as SQLite's own backup does whenever another process writes. Between two pieces,
 * it can be given up; `VACUUM INTO` cannot.
 */
export function* copyDatabase(source: SqliteDriver, target: CopyTarget): BackupSteps<CopiedState> {
  const schema = begin(source, target);
  try {
    const total = Math.max(
      1,
      readNumberPragma(source, 'main.page_count') - readNumberPragma(source, 'main.freelist_count'),
    );
    for (const table of schema.tables) {
      for (const _ of copyTable(source, table)) {
        yield copying(
          COPYING * Math.min(1, readNumberPragma(source, `${COPY}.page_count`) / total),
        );
      }
    }
    const figures = yield* computeFigures(source, (part) =>
      copying(COPYING + (1 - COPYING) * part),
    );
    source.exec('COMMIT');
    detach(source);
    finish(target, schema);
    return { figures, omitted: schema.omitted };
  } finally {
    if (source.inTransaction) source.exec('ROLLBACK');
    if (isAttached(source)) detach(source);
  }
}

interface CopiedSchema {
  readonly tables: readonly UserTable[];
  /** Indexes, views and triggers, which come last. */
  readonly others: readonly string[];
  readonly omitted: readonly string[];
  readonly header: readonly string[];
}

/** Leaves the source in a read transaction, with a copy attached that has its tables and nothing in them. */
function begin(source: SqliteDriver, target: CopyTarget): CopiedSchema {
  for (let attempt = 0; attempt < SCHEMA_ATTEMPTS; attempt += 1) {
    const version = readNumberPragma(source, 'main.schema_version');
    const schema = readSchema(source);
    makeTables(target, schema);
    // Only the copy is written, in the order of names.
    source.exec('PRAGMA query_only = OFF; PRAGMA foreign_keys = OFF');
    source.prepare(`ATTACH ? AS ${COPY}`).run([target.path]);
    // Nobody needs half a copy, and a whole one is synced as a whole.
    source.exec(`PRAGMA ${COPY}.journal_mode = OFF; PRAGMA ${COPY}.synchronous = OFF`);
    source.exec('BEGIN');
    if (readNumberPragma(source, 'main.schema_version') === version) return schema;
    source.exec('ROLLBACK');
    detach(source);
    target.remove();
  }
  throw new BarkeepError('BUSY', 'the schema of the database changes all the time', {
    retryable: true,
  });
}

function readSchema(source: SqliteDriver): CopiedSchema {
  const others = source
    .prepare<readonly [sql: string]>(
      `SELECT sql FROM main.sqlite_schema
       WHERE type IN ('index', 'view', 'trigger') AND sql IS NOT NULL
         AND substr(tbl_name, 1, ${RECORD_PREFIX.length}) <> '${RECORD_PREFIX}'
         AND (type = 'view' OR tbl_name IN (SELECT name FROM pragma_table_list WHERE type IN ('table', 'view')))
       ORDER BY type = 'trigger', type = 'view', rowid`,
    )
    .all([])
    .map(([sql]) => sql);
  const header = ['application_id', 'user_version'].map(
    (name) => `PRAGMA ${name} = ${readNumberPragma(source, name)}`,
  );
  return { tables: ordinaryTables(source), others, omitted: virtualTables(source), header };
}

function makeTables(target: CopyTarget, { tables, header }: CopiedSchema): void {
  const driver = target.open();
  try {
    driver.exec('PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL');
    unjournaled(driver);
    for (const { sql } of tables) driver.exec(sql);
    for (const sql of header) driver.exec(sql);
  } finally {
    driver.close();
  }
}

function finish(target: CopyTarget, { others }: CopiedSchema): void {
  const driver = target.open();
  try {
    unjournaled(driver);
    for (const sql of others) driver.exec(sql);
  } finally {
    driver.close();
  }
}

function* copyTable(source: SqliteDriver, table: UserTable): Generator<void, void, void> {
  const columns = table.columns.map(quoted).join(', ');
  const [into, from] = [COPY, 'main'].map((schema) => `${schema}.${quoted(table.name)}`);
  const insert = `INSERT INTO ${into} (${columns}) SELECT ${columns} FROM ${from}`;
  const key = KEYS[table.name];
  if (key !== undefined) {
    const [after, order] = [`(${key.join(', ')}) > (?, ?)`, key.join(', ')];
    const piece = `WHERE ${after} ORDER BY ${order} LIMIT ${ROWS_PER_PIECE}`;
    const last = `SELECT ${order} FROM ${from} WHERE ${after} ORDER BY ${order} LIMIT 1 OFFSET ${ROWS_PER_PIECE - 1}`;
    const lowest = Number.MIN_SAFE_INTEGER;
    yield* inPieces(source, { insert: `${insert} ${piece}`, last, start: [lowest, lowest] });
  } else if (table.hasRowid) {
    const size = WITH_BLOBS.includes(table.name) ? BLOBS_PER_PIECE : ROWS_PER_PIECE;
    const piece = `WHERE rowid > ? ORDER BY rowid LIMIT ${size}`;
    const last = `SELECT rowid FROM ${from} WHERE rowid > ? ORDER BY rowid LIMIT 1 OFFSET ${size - 1}`;
    const start = [Number.MIN_SAFE_INTEGER];
    yield* inPieces(source, { insert: `${insert} ${piece}`, last, start });
  } else {
    source.exec(insert);
    yield;
  }
}

interface Pieces {
  readonly insert: string;
  /** Finds the key of the last row of a whole piece. */
  readonly last: string;
  readonly start: SqliteRow;
}

function* inPieces(
  source: SqliteDriver,
  { insert, last, start }: Pieces,
): Generator<void, void, void> {
  const copy = source.prepare(insert);
  const find = source.prepare(last);
  for (let after: SqliteRow | undefined = start; after !== undefined; ) {
    copy.run(after);
    after = find.get(after);
    yield;
  }
}

function copying(fraction: number): BackupProgress {
  return { phase: 'copying', fraction };
}

function unjournaled(driver: SqliteDriver): void {
  driver.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
}

function isAttached(driver: SqliteDriver): boolean {
  const sql = `SELECT 1 FROM pragma_database_list WHERE name = '${COPY}'`;
  return driver.prepare(sql).get([]) !== undefined;
}

function detach(driver: SqliteDriver): void {
  driver.exec(`DETACH ${COPY}`);
}
