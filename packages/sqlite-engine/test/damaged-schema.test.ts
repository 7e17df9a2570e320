/** Tables, indexes and views that are missing or others, before the database is opened and after. */
import { BarkeepError, type SeriesKey } from '@barkeep/core';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import {
  BTC,
  batch,
  candle,
  everything,
  MINUTE,
  openEngine,
  temporaryPath,
  thrownBy,
} from './test-database.ts';

const ARCHIVE = { segmentCandles: 64, keepRows: 8, bulkCandles: 16, automatic: false } as const;
const EVER = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
const KEY_COLUMNS = ['candle_rows.timestamp', 'candle_rows.series_id', 'coverage.from_time'];
const STORED = Array.from({ length: 200 }, (_, i) => candle(i * MINUTE));
const TABLES = ['series', 'candle_rows', 'segments', 'coverage', 'metadata', 'change_log'];
const MORE_TABLES = ['wide_candle_rows', 'revisions', 'leases', 'damaged_segments'];

function filled(): string {
  const path = temporaryPath();
  const engine = openEngine(path, { archive: ARCHIVE });
  engine.write([batch(BTC, STORED, { covers: [{ from: 0, to: 200 * MINUTE }] })]);
  engine.write([batch(BTC, [candle(0, 7), candle(201 * MINUTE)])]);
  engine.close();
  return path;
}

function change(path: string, sql: string): void {
  const database = new Database(path);
  // What no tool would do: only so can an index of a key be lost.
  database.unsafeMode();
  database.exec(`PRAGMA foreign_keys = OFF; ${sql}`);
  database.close();
}

function open(path: string) {
  return openEngine(path, { archive: ARCHIVE });
}

describe.each([...TABLES, ...MORE_TABLES])('the table %s', (table) => {
  it('is missed when the database is opened', () => {
    const path = filled();
    change(path, `DROP TABLE ${table}`);
    const error = thrownBy(() => open(path));
    expect(error).toMatchObject({ code: 'CORRUPT' });
    expect(error.message).toContain(`${table} is missing`);
  });

  it('is found to be another when the database is opened', () => {
    const path = filled();
    change(path, `ALTER TABLE ${table} ADD COLUMN extra TEXT`);
    expect(thrownBy(() => open(path)).message).toContain(`${table} is not what it was made as`);
  });

  it('is missed by a check when it is lost while the database is open', () => {
    const path = filled();
    const engine = open(path);
    change(path, `DROP TABLE ${table}`);
    const { ok, problems } = engine.checkIntegrity(undefined);
    expect(ok).toBe(false);
    const messages = problems.map(({ message }) => message);
    expect(messages).toContain(`${table} is missing`);
    const { remaining } = engine.repair(undefined);
    expect(remaining.map(({ message }) => message)).toContain(`${table} is missing`);
    expect(remaining.every(({ repair }) => repair === 'restore-backup')).toBe(true);
  });
});

it.each(['sqlite_autoindex_series_1', 'sqlite_autoindex_segments_1'])(
  'answers nothing wrong without %s',
  (index) => {
    const path = filled();
    change(path, `PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = '${index}'`);
    const engine = openUnlessCorrupt(path);
    if (engine === undefined) return;
    expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: false });
    expect(engine.repair(undefined).remaining).not.toEqual([]);
    expectNothingWrong(engine, BTC, false);
  },
);

it('makes a view that is missing when it opens the database', () => {
  const path = filled();
  change(path, 'DROP VIEW candles');
  expect(open(path).checkIntegrity(undefined)).toMatchObject({ ok: true });
});

it('finds and remakes a view that shows something else', () => {
  const path = filled();
  change(path, 'DROP VIEW candles; CREATE VIEW candles AS SELECT 1 AS one');
  const engine = open(path);
  expect(engine.checkIntegrity(undefined).problems).toMatchObject([
    { kind: 'damaged', repair: 'rebuild', table: 'candles' },
  ]);
  expect(engine.repair(undefined)).toMatchObject({ repairs: [{ kind: 'damaged' }], remaining: [] });
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
});

it('reports what is in the place of a view, and leaves it alone', () => {
  const path = filled();
  change(path, "DROP VIEW candles; CREATE TABLE candles (mine); INSERT INTO candles VALUES ('x')");
  const engine = open(path);
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: false });
  expect(engine.repair(undefined)).toMatchObject({
    repairs: [],
    remaining: [{ table: 'candles', repair: 'restore-backup' }],
  });
  expect(everything(engine, BTC)).toHaveLength(201);
});

it('survives a header of another version while the database is open', () => {
  const path = filled();
  const engine = open(path);
  change(path, 'PRAGMA user_version = 7');
  const { remaining } = engine.repair(undefined);
  expect(remaining).toMatchObject([{ kind: 'damaged', repair: 'restore-backup' }]);
});

describe('values of another type than their column, as only damage makes them', () => {
  const tables: readonly (readonly [table: string, column: string, where: string])[] = [
    ['candle_rows', 'timestamp', 'timestamp = 0'],
    ['candle_rows', 'open', 'timestamp = 0'],
    ['candle_rows', 'volume', 'timestamp = 0'],
    ['candle_rows', 'series_id', 'timestamp = 0'],
    ['segments', 'first', 'first = 0'],
    ['segments', 'last', 'first = 0'],
    ['segments', 'count', 'first = 0'],
    ['segments', 'format', 'first = 0'],
    ['segments', 'checksum', 'first = 0'],
    ['segments', 'data', 'first = 0'],
    ['segments', 'series_id', 'first = 0'],
    ['series', 'symbol', 'id = 1'],
    ['series', 'timeframe', 'id = 1'],
    ['series', 'count', 'id = 1'],
    ['series', 'row_count', 'id = 1'],
    ['series', 'first', 'id = 1'],
    ['coverage', 'from_time', 'series_id = 1'],
    ['coverage', 'to_time', 'series_id = 1'],
    ['coverage', 'source', 'series_id = 1'],
    ['coverage', 'collected_at', 'series_id = 1'],
    ['metadata', 'value', "key = 'a'"],
    ['revisions', 'revision', 'series_id = 1'],
    ['change_log', 'from_time', 'id = 1'],
  ];
  const values = ['NULL', "x'00ff'", '9223372036854775807'];
  const cases = tables
    .flatMap(([table, column, where]) =>
      values.map((value) => [table, column, where, value] as const),
    )
    .filter(([table, column, , value]) => {
      const isKey = KEY_COLUMNS.includes(`${table}.${column}`);
      // A key is never NULL, a number is a text in the column of one, and one as large is a volume.
      if (isKey && value === 'NULL') return false;
      if (column === 'symbol') return value === 'NULL' || value.startsWith('x');
      return !(column === 'volume' && /^\d+$/.test(value));
    });

  it.each(cases)('%s.%s where %s becomes %s', (table, column, where, value) => {
    const path = filled();
    const before = open(path);
    before.setMetadata('a', '{}');
    before.close();
    // The declarations without their types and constraints, for as long as it takes.
    change(
      path,
      `PRAGMA writable_schema = ON;
       CREATE TEMP TABLE was AS SELECT name, sql FROM sqlite_schema;
       UPDATE sqlite_schema SET sql = replace(replace(replace(replace(replace(sql,
         'STRICT, ', ''), 'STRICT', ''), 'NOT NULL', ''), 'INTEGER,', 'BLOB,'), 'REAL', 'BLOB')
         WHERE name = '${table}';
       PRAGMA writable_schema = RESET;
       UPDATE ${table} SET ${column} = ${value} WHERE ${where};
       PRAGMA writable_schema = ON;
       UPDATE sqlite_schema SET sql = (SELECT sql FROM was WHERE was.name = sqlite_schema.name)
         WHERE name = '${table}';
       PRAGMA writable_schema = RESET;`,
    );
    const engine = open(path);
    const found = engine.checkIntegrity(undefined);
    const { repairs, remaining } = engine.repair(undefined);
    if (!found.ok) expect(repairs.length + remaining.length).toBeGreaterThan(0);
    expect(engine.checkIntegrity(undefined).ok).toBe(remaining.length === 0);
    expectNothingWrong(engine, BTC, found.ok || table === 'metadata');
  });
});

function openUnlessCorrupt(path: string): ReturnType<typeof open> | undefined {
  try {
    return open(path);
  } catch (error) {
    if (!BarkeepError.is(error, 'CORRUPT')) throw error;
    return undefined;
  }
}

/** What is still covered is as it was stored, or refused. */
function expectNothingWrong(
  engine: ReturnType<typeof open>,
  key: SeriesKey,
  isSound: boolean,
): void {
  const expected = [candle(0, 7), ...STORED.slice(1)];
  try {
    const covered = engine.coverageOf(key, EVER);
    const found = everything(engine, key);
    for (const { from, to } of covered) {
      const within = ({ timestamp }: { readonly timestamp: number }) =>
        from <= timestamp && timestamp < to;
      expect(found.filter(within)).toEqual(expected.filter(within));
    }
    if (isSound) expect(covered).toHaveLength(1);
  } catch (error) {
    if (!BarkeepError.is(error, 'CORRUPT')) throw error;
  }
}
