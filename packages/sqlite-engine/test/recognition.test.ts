/** Files that are not, or not quite, what a Barkeep database is. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { BarkeepError } from '@barkeep/core';
import { APPLICATION_ID, SCHEMA_VERSION } from '@barkeep/sqlite-engine';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { MIGRATIONS } from '../src/schema.ts';
import {
  BTC,
  batch,
  candle,
  connect,
  everything,
  MINUTE,
  openEngine,
  temporaryPath,
  thrownBy,
} from './test-database.ts';

const CANDLES = Array.from({ length: 600 }, (_, i) => candle(i * MINUTE));
/** How SQLite begins a file that only SQL text has been read into. */
const UNLABELLED = 'PRAGMA application_id = 0; PRAGMA user_version = 0';

function execute(path: string, sql: string): void {
  const database = new Database(path);
  // Drops of tables that others refer to would fail else.
  database.pragma('foreign_keys = OFF');
  database.unsafeMode(true);
  database.exec(sql);
  database.close();
}

/** A database of which all that is wrong is what `sql` does to it. */
function damaged(sql: string): string {
  const path = temporaryPath();
  const engine = openEngine(path);
  engine.write([batch(BTC, CANDLES), batch({ ...BTC, symbol: 'X' }, CANDLES.slice(0, 9))]);
  engine.close();
  execute(path, sql);
  return path;
}

/** How it is refused, for either access; checks that nothing was changed. */
function refusal(path: string) {
  const before = readFileSync(path);
  const [error, other] = (['read-write', 'read-only'] as const).map((access) =>
    thrownBy(() => openEngine(path, { access })),
  );
  expect(error?.code).toBe(other?.code);
  expect(readFileSync(path).equals(before)).toBe(true);
  return error;
}

it.each([-1, -2_147_483_648, 0])(
  'refuses tables under a header of version %i, and says what to do: CORRUPT',
  (version) => {
    const error = refusal(damaged(`PRAGMA user_version = ${version}`));
    expect(error).toMatchObject({ code: 'CORRUPT', details: { version, found: SCHEMA_VERSION } });
    expect(error?.message).toContain(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  },
);

it.each(['series', 'candle_rows', 'coverage', 'metadata', 'change_log', 'segments', 'revisions'])(
  'refuses a database without its table %s, and names it: CORRUPT',
  (table) => {
    const error = refusal(damaged(`DROP VIEW candles; DROP TABLE ${table}`));
    expect(error?.code).toBe('CORRUPT');
    expect(error?.message).toContain(`${table} is missing`);
  },
);

it.each([
  ['a column too many', 'candle_rows', 'ALTER TABLE candle_rows ADD COLUMN trades INTEGER'],
  ['a column too few', 'change_log', 'ALTER TABLE change_log DROP COLUMN kind'],
  [
    'a table written anew without its primary key',
    'coverage',
    'CREATE TABLE c AS SELECT * FROM coverage; DROP TABLE coverage; ALTER TABLE c RENAME TO coverage',
  ],
  [
    'a view in place of a table',
    'metadata',
    'DROP TABLE metadata; CREATE VIEW metadata AS SELECT 1 AS key, 2 AS value',
  ],
])('refuses a database with %s: CORRUPT', (_, table, sql) => {
  const error = refusal(damaged(sql));
  expect(error?.code).toBe('CORRUPT');
  expect(error?.message).toContain(`${table} is not what it was made as`);
});

it.each([
  ['emptied', 'DELETE FROM sqlite_schema'],
  ['cut short', "UPDATE sqlite_schema SET sql = 'CREATE TABLE series (' WHERE name = 'series'"],
  ['without text', "UPDATE sqlite_schema SET sql = '' WHERE name = 'segments'"],
  ['with a wrong root page', "UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'series'"],
])('refuses a database whose schema was %s: CORRUPT', (_, sql) => {
  const path = damaged(`PRAGMA writable_schema = ON; ${sql}`);
  expect(refusal(path)?.code).toBe('CORRUPT');
});

it('makes a view that is missing anew, and leaves what users have added', () => {
  const path = damaged(
    'DROP VIEW candles; CREATE TABLE notes (text); CREATE INDEX mine ON series (count)',
  );
  openEngine(path).close();
  const driver = connect(path);
  expect(driver.prepare('SELECT count(*) FROM candles').get([])).toEqual([9]);
  expect(
    driver.prepare("SELECT count(*) FROM sqlite_schema WHERE name IN ('notes', 'mine')").get([]),
  ).toEqual([2]);
});

it.each([
  ['without application id and version', UNLABELLED],
  ['with its version alone', 'PRAGMA application_id = 0'],
])('takes a database %s for what its tables are, and labels it again', (_, sql) => {
  const path = damaged(sql);
  const reader = openEngine(path, { access: 'read-only' });
  expect(everything(reader, BTC)).toEqual(CANDLES);
  reader.close();
  const driver = connect(path);
  const engine = openEngine(path, {}, driver);
  expect(everything(engine, BTC)).toEqual(CANDLES);
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
  expect(driver.prepare('PRAGMA application_id').get([])).toEqual([APPLICATION_ID]);
  expect(driver.prepare('PRAGMA user_version').get([])).toEqual([SCHEMA_VERSION]);
});

it('reads declarations that another tool has quoted, spaced and ordered in its own way', () => {
  const path = temporaryPath();
  const text = `${MIGRATIONS.join(';')};`
    .replaceAll(/\b(series|coverage|segments)\b(?= \()/g, '"$1"')
    .replaceAll('\n', '\r\n\t')
    .replace('STRICT, WITHOUT ROWID', 'WITHOUT ROWID,STRICT');
  execute(path, `${text} ${UNLABELLED}`);
  expect(openEngine(path).list({})).toEqual([]);
});

it.each([
  ['part of our tables', MIGRATIONS[0]?.split(';')[0] ?? ''],
  ['a table of the same name', 'CREATE TABLE series (id INTEGER PRIMARY KEY, title TEXT)'],
])('leaves a database with %s and no header to its owner: NOT_A_DATABASE', (_, sql) => {
  const path = temporaryPath();
  execute(path, sql);
  expect(refusal(path)?.code).toBe('NOT_A_DATABASE');
});

it('says how to make our own of a database under a foreign label', () => {
  const error = refusal(damaged('PRAGMA application_id = 7'));
  expect(error?.code).toBe('NOT_A_DATABASE');
  expect(error?.message).toContain(`PRAGMA application_id = ${APPLICATION_ID}`);
});

it.each(['ab', 'SQLite format 3', '{"candles":[]}'.repeat(1_000)])(
  'refuses a text file: NOT_A_DATABASE',
  (text) => {
    const path = temporaryPath();
    writeFileSync(path, text);
    expect(refusal(path)?.code).toBe('NOT_A_DATABASE');
  },
);

it('makes a database of an empty file', () => {
  const path = temporaryPath();
  writeFileSync(path, '');
  expect(openEngine(path).list({})).toEqual([]);
});

it('settles with a code that says so whichever byte of the header is damaged', () => {
  const path = damaged('');
  const sound = readFileSync(path);
  for (let at = 0; at < 100; at += 1) {
    const bytes = Buffer.from(sound);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (at % 2 === 0 ? 0xff : 0x01), at);
    for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    writeFileSync(path, bytes);
    const driver = connect(path, 0);
    const outcome = outcomeOf(() => openEngine(path, {}, driver));
    driver.close();
    expect(['opened', 'CORRUPT', 'NOT_A_DATABASE', 'READ_ONLY', 'SCHEMA_TOO_NEW']).toContain(
      outcome,
    );
  }
});

function outcomeOf(open: () => unknown): string {
  try {
    open();
    return 'opened';
  } catch (error) {
    return BarkeepError.is(error) ? error.code : String(error);
  }
}
