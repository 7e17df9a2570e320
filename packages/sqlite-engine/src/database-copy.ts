import { BarkeepError, type EpochMs } from '@barkeep/core';
import type { BackupProgress } from '@barkeep/storage';
import { type BackupFigures, computeFigures } from './backup-figures.ts';
import type { SeriesChanges } from './backup-record.ts';
import type { BackupSteps } from './backup-steps.ts';
import {
  ordinaryTables,
  otherObjects,
  quoted,
  type UserTable,
  virtualTables,
} from './ordinary-tables.ts';
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
  /** Where the candles are that were copied; `undefined` when all were. */
  readonly changes: readonly SeriesChanges[] | undefined;
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
  wide_candle_rows: ['series_id', 'timestamp'],
  coverage: ['series_id', 'from_time'],
  revisions: ['series_id', 'bucket'],
};
const ROWS: readonly string[] = ['candle_rows', 'wide_candle_rows'];
const WITH_BLOBS: readonly string[] = ['segments', 'damaged_segments'];

/**
 * Copies a database table by table in one read transaction, so that whoever else writes neither waits nor
 * makes it begin anew, as SQLite's own backup does whenever another process writes. Between two pieces,
 * it can be given up; `VACUUM INTO` cannot.
 * With `findChanges`, which is asked in that transaction, only those candles are copied, with others of
 * their segments.
 */
export function* copyDatabase(
  source: SqliteDriver,
  target: CopyTarget,
  findChanges?: () => readonly SeriesChanges[],
): BackupSteps<CopiedState> {
  const schema = begin(source, target);
  try {
    const changes = findChanges?.();
    const total = Math.max(
      1,
      readNumberPragma(source, 'main.page_count') - readNumberPragma(source, 'main.freelist_count'),
    );
    for (const table of schema.tables) {
      for (const _ of copyTable(source, table, changes)) {
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
    return { figures, omitted: schema.omitted, changes };
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
  throw new BarkeepError('BUSY', 'the schema of the database changes all the time');
}

function readSchema(source: SqliteDriver): CopiedSchema {
  const others = otherObjects(source);
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

function* copyTable(
  source: SqliteDriver,
  table: UserTable,
  changes: readonly SeriesChanges[] | undefined,
): Generator<void, void, void> {
  if (changes !== undefined && ROWS.includes(table.name)) {
    yield* copyChangedRows(source, table.name, changes);
    return;
  }
  if (changes !== undefined && table.name === 'segments') {
    yield* copyChangedSegments(source, changes);
    return;
  }
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

function* copyChangedRows(
  source: SqliteDriver,
  table: string,
  changes: readonly SeriesChanges[],
): Generator<void, void, void> {
  const piece = `FROM main.${table}
    WHERE series_id = ? AND timestamp >= ? AND timestamp < ? ORDER BY timestamp`;
  const copy = source.prepare(
    `INSERT INTO ${COPY}.${table} SELECT * ${piece} LIMIT ${ROWS_PER_PIECE}`,
  );
  const next = source.prepare<readonly [timestamp: EpochMs]>(
    `SELECT timestamp ${piece} LIMIT 1 OFFSET ${ROWS_PER_PIECE}`,
  );
  for (const { id, ranges } of changes) {
    for (const { from, to } of ranges) {
      for (let at: EpochMs | undefined = from; at !== undefined; ) {
        copy.run([id, at, to]);
        at = next.get([id, at, to])?.[0];
        yield;
      }
    }
  }
}

function* copyChangedSegments(
  source: SqliteDriver,
  changes: readonly SeriesChanges[],
): Generator<void, void, void> {
  const piece = `FROM main.segments
    WHERE series_id = ? AND first >= ? AND first < ? AND last >= ? ORDER BY first`;
  // A segment may be in two ranges.
  const copy = source.prepare(
    `INSERT OR IGNORE INTO ${COPY}.segments SELECT * ${piece} LIMIT ${BLOBS_PER_PIECE}`,
  );
  const next = source.prepare<readonly [first: EpochMs]>(
    `SELECT first ${piece} LIMIT 1 OFFSET ${BLOBS_PER_PIECE}`,
  );
  for (const { id, ranges } of changes) {
    for (const { from, to } of ranges) {
      for (let at: EpochMs | undefined = Number.MIN_SAFE_INTEGER; at !== undefined; ) {
        copy.run([id, at, to, from]);
        at = next.get([id, at, to, from])?.[0];
        yield;
      }
    }
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
