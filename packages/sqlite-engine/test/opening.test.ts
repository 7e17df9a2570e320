import { readFileSync, writeFileSync } from 'node:fs';
import { OPTIONAL_COLUMNS } from '@barkeep/core';
import { APPLICATION_ID, SCHEMA_VERSION, type SqliteDriver } from '@barkeep/sqlite-engine';
import { expect, it } from 'vitest';
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

function pragma(driver: SqliteDriver, name: string): unknown {
  return driver.prepare(`PRAGMA ${name}`).get([])?.[0];
}

it('makes a database that says whose it is and how it is kept', () => {
  const path = temporaryPath();
  const driver = connect(path);
  openEngine(path, { synchronous: 'full' }, driver);
  expect(pragma(driver, 'application_id')).toBe(APPLICATION_ID);
  expect(pragma(driver, 'user_version')).toBe(SCHEMA_VERSION);
  expect(pragma(driver, 'journal_mode')).toBe('wal');
  expect(pragma(driver, 'auto_vacuum')).toBe(2);
  expect(pragma(driver, 'synchronous')).toBe(2);
});

it('opens what it made, by several connections at a time', () => {
  const path = temporaryPath();
  openEngine(path).write([batch(BTC, [candle(0)])]);
  const second = openEngine(path);
  const third = openEngine(path, { access: 'read-only' });
  second.write([batch(BTC, [candle(MINUTE)])]);
  expect(everything(third, BTC)).toEqual([candle(0), candle(MINUTE)]);
});

it('shows candles to any SQL tool through a view', () => {
  const path = temporaryPath();
  openEngine(path).write([batch(BTC, [candle(MINUTE)])]);
  const { open, high, low, close, volume } = candle(MINUTE);
  expect(connect(path).prepare('SELECT * FROM candles').all([])).toEqual([
    ['KRW-BTC', '1m', MINUTE, open, high, low, close, volume, ...OPTIONAL_COLUMNS.map(() => null)],
  ]);
});

it('needs a database to read only', () => {
  const path = temporaryPath();
  expect(thrownBy(() => openEngine(path, { access: 'read-only' })).code).toBe('CANNOT_OPEN');
});

it('leaves a database of a newer schema as it is', () => {
  const path = temporaryPath();
  const engine = openEngine(path);
  engine.close();
  const driver = connect(path);
  driver.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}; PRAGMA journal_mode = DELETE`);
  driver.close();
  const before = readFileSync(path);
  for (const access of ['read-write', 'read-only'] as const) {
    const error = thrownBy(() => openEngine(path, { access }));
    expect(error.code).toBe('SCHEMA_TOO_NEW');
    expect(error.details).toEqual({ version: SCHEMA_VERSION + 1, supported: SCHEMA_VERSION });
  }
  expect(readFileSync(path).equals(before)).toBe(true);
});

it.each(['CREATE TABLE orders (id)', 'PRAGMA user_version = 7', 'PRAGMA application_id = 7'])(
  'leaves the database of another application as it is: %s',
  (sql) => {
    const path = temporaryPath();
    const driver = connect(path);
    driver.exec(sql);
    driver.close();
    const before = readFileSync(path);
    expect(thrownBy(() => openEngine(path)).code).toBe('NOT_A_DATABASE');
    expect(readFileSync(path).equals(before)).toBe(true);
  },
);

it('leaves a file that is no database as it is', () => {
  const path = temporaryPath();
  const text = 'timestamp,open,high,low,close,volume\n'.repeat(100);
  writeFileSync(path, text);
  expect(thrownBy(() => openEngine(path)).code).toBe('NOT_A_DATABASE');
  expect(readFileSync(path, 'utf8')).toBe(text);
});

it('tells at once when whole pages are gone', () => {
  const path = temporaryPath();
  const engine = openEngine(path);
  engine.write([
    batch(
      BTC,
      Array.from({ length: 5_000 }, (_, i) => candle(i * MINUTE)),
    ),
  ]);
  engine.close();
  const whole = readFileSync(path);
  for (const length of [whole.length - 4_096, 8_192, 4_096]) {
    const part = whole.subarray(0, length);
    writeFileSync(path, part);
    expect(thrownBy(() => openEngine(path)).code, `${length} bytes`).toBe('CORRUPT');
    expect(readFileSync(path).equals(part)).toBe(true);
  }
});

it('tells damaged pages as soon as they are read', () => {
  const path = temporaryPath();
  const engine = openEngine(path);
  engine.write([
    batch(
      BTC,
      Array.from({ length: 5_000 }, (_, i) => candle(i * MINUTE)),
    ),
  ]);
  engine.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, bytes.length - 20 * 4_096);
  writeFileSync(path, bytes);
  const damaged = openEngine(path, { access: 'read-only' });
  expect(thrownBy(() => everything(damaged, BTC)).code).toBe('CORRUPT');
  const { ok, problems } = damaged.checkIntegrity(undefined);
  expect(ok).toBe(false);
  expect(problems).toContainEqual(expect.objectContaining({ kind: 'damaged', key: BTC }));
});

it('refuses an SQLite library that is known to lose commits', () => {
  const path = temporaryPath();
  const real = connect(path);
  const old: SqliteDriver = {
    ...real,
    prepare: (sql) => real.prepare(sql === 'SELECT sqlite_version()' ? "SELECT '3.51.2'" : sql),
  };
  const error = thrownBy(() => openEngine(path, {}, old));
  expect(error.code).toBe('INCOMPATIBLE');
  expect(error.details).toEqual({ sqlite: '3.51.2', needed: '3.51.3' });
});
