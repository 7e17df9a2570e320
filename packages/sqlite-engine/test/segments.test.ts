import { CandleSeries } from '@barkeep/core';
import type { SqliteDriver } from '@barkeep/sqlite-engine';
import { expect, it } from 'vitest';
import {
  BTC,
  batch,
  candle,
  candlesOf,
  connect,
  everything,
  MINUTE,
  openEngine,
  temporaryPath,
  thrownBy,
} from './test-database.ts';

const TINY = { segmentCandles: 16, keepRows: 8, bulkCandles: 4 } as const;

function minutes(from: number, to: number, price = 100) {
  return Array.from({ length: to - from }, (_, i) => candle((from + i) * MINUTE, price));
}

function opened(archive: typeof TINY | undefined = TINY) {
  const path = temporaryPath();
  const driver = connect(path);
  return { path, driver, engine: openEngine(path, { archive }, driver) };
}

/** First minute, last minute and count of each segment. */
function segmentsOf(driver: SqliteDriver) {
  const sql = 'SELECT first / 60000, last / 60000, count FROM segments ORDER BY first';
  return driver.prepare(sql).all([]);
}

function rowsOf(driver: SqliteDriver): unknown[] {
  const sql = 'SELECT timestamp / 60000 FROM candle_rows ORDER BY timestamp';
  return driver.prepare(sql).all([]).flat();
}

it('stores many candles as segments and few as rows', () => {
  const { driver, engine } = opened();
  engine.write([batch(BTC, minutes(0, 40)), batch({ ...BTC, symbol: 'X' }, minutes(50, 53))]);
  expect(segmentsOf(driver)).toEqual([
    [0, 15, 16],
    [16, 31, 16],
    [32, 39, 8],
  ]);
  expect(rowsOf(driver)).toEqual([50, 51, 52]);
});

it('appends to the last segment while it is short, and takes the rows in between along', () => {
  const { driver, engine } = opened();
  engine.write([batch(BTC, minutes(0, 10))]);
  engine.write([batch(BTC, minutes(10, 12))]);
  engine.write([batch(BTC, minutes(12, 40))]);
  expect(segmentsOf(driver)).toEqual([
    [0, 15, 16],
    [16, 31, 16],
    [32, 39, 8],
  ]);
  expect(rowsOf(driver)).toEqual([]);
  expect(everything(engine, BTC)).toEqual(minutes(0, 40));
});

it('prepends to the first segment while it is short', () => {
  const { driver, engine } = opened();
  for (const from of [40, 30, 20, 10, 0]) engine.write([batch(BTC, minutes(from, from + 10))]);
  expect(segmentsOf(driver)).toEqual([
    [0, 1, 2],
    [2, 17, 16],
    [18, 33, 16],
    [34, 49, 16],
  ]);
  expect(everything(engine, BTC)).toEqual(minutes(0, 50));
});

it('lays a changed candle over its segment as a row, and rewrites the segment for many', () => {
  const { driver, engine } = opened();
  engine.write([batch(BTC, minutes(0, 16))]);
  const before = driver.prepare('SELECT id, data FROM segments').all([]);
  engine.write([batch(BTC, minutes(5, 6, 7))]);
  expect(rowsOf(driver)).toEqual([5]);
  expect(driver.prepare('SELECT id, data FROM segments').all([])).toEqual(before);
  engine.write([batch(BTC, minutes(8, 14, 9))]);
  expect(rowsOf(driver)).toEqual([]);
  expect(segmentsOf(driver)).toEqual([[0, 15, 16]]);
  expect(everything(engine, BTC)).toEqual([
    ...minutes(0, 5),
    ...minutes(5, 6, 7),
    ...minutes(6, 8),
    ...minutes(8, 14, 9),
    ...minutes(14, 16),
  ]);
});

it.each([TINY, undefined])('writes nothing for candles that it has, with policy %o', (archive) => {
  const { path, driver, engine } = opened(archive);
  const all = minutes(0, 10_000);
  engine.write([batch(BTC, all)]);
  engine.write([batch(BTC, minutes(77, 78, 7)), batch(BTC, minutes(10_000, 10_002))]);
  const again = [...minutes(0, 77), ...minutes(77, 78, 7), ...minutes(78, 10_002)];
  const observer = connect(path);
  const marks = () => [
    driver.prepare('SELECT total_changes()').get([]),
    observer.prepare('PRAGMA data_version').get([]),
  ];
  const before = marks();
  expect(engine.write([batch(BTC, again)])).toEqual([
    { inserted: 0, updated: 0, unchanged: 10_002, changed: undefined },
  ]);
  expect(marks()).toEqual(before);
});

it('reads the latest candles from the last segments only', () => {
  const { driver, engine } = opened();
  engine.write([batch(BTC, minutes(0, 160)), batch(BTC, minutes(160, 162))]);
  driver.exec('UPDATE segments SET data = zeroblob(100) WHERE first < 128 * 60000');
  const latest = { key: BTC, from: 0, to: 200 * MINUTE, limit: 20, take: 'last' } as const;
  expect(candlesOf(engine.read(latest), BTC)).toEqual(minutes(142, 162));
  const first = { ...latest, from: 130 * MINUTE, limit: 3, take: 'first' } as const;
  expect(candlesOf(engine.read(first), BTC)).toEqual(minutes(130, 133));
});

it('decodes no other column than those asked for', () => {
  const { driver, engine } = opened();
  engine.write([batch(BTC, minutes(0, 16))]);
  // The last bytes of a segment are those of its volumes.
  const [data] = driver.prepare<readonly [Uint8Array]>('SELECT data FROM segments').get([]) ?? [];
  const damaged = Uint8Array.from(data ?? []);
  damaged.fill(0x5a, -4);
  driver.prepare('UPDATE segments SET data = ?').run([damaged]);
  const query = { key: BTC, from: 0, to: 16 * MINUTE, limit: 100, take: 'first' } as const;
  const { timestamp, close } = engine.readColumns(query, ['timestamp', 'close']);
  expect(timestamp).toEqual(CandleSeries.from(BTC, minutes(0, 16)).timestamp);
  expect(close).toEqual(CandleSeries.from(BTC, minutes(0, 16)).close);
  expect(thrownBy(() => engine.readColumns(query, ['volume'])).code).toBe('CORRUPT');
});

it.each([
  'UPDATE segments SET data = zeroblob(length(data)) WHERE id = 2',
  'UPDATE segments SET data = substr(data, 1, 120) WHERE id = 2',
  'UPDATE segments SET data = (SELECT data FROM segments WHERE id = 1) WHERE id = 2',
  'UPDATE segments SET count = 15 WHERE id = 2',
  'UPDATE segments SET checksum = 1 WHERE id = 2',
])('names series and range of a damaged segment, and reads the rest: %s', (damage) => {
  const { driver, engine } = opened();
  engine.write([batch(BTC, minutes(0, 48))]);
  driver.exec(damage);
  const lost = { symbol: 'KRW-BTC', timeframe: '1m', from: 16 * MINUTE, to: 32 * MINUTE };
  const read = (from: number, to: number) =>
    engine.read({ key: BTC, from: from * MINUTE, to: to * MINUTE, limit: 1e9, take: 'first' });
  for (const [from, to] of [
    [0, 48],
    [20, 25],
    [31, 48],
  ] as const) {
    expect(thrownBy(() => read(from, to))).toMatchObject({ code: 'CORRUPT', details: lost });
  }
  expect(thrownBy(() => engine.write([batch(BTC, minutes(20, 21, 7))])).details).toEqual(lost);
  expect(candlesOf(read(0, 16), BTC)).toEqual(minutes(0, 16));
  expect(candlesOf(read(32, 48), BTC)).toEqual(minutes(32, 48));
});

it('stores on next to a damaged segment', () => {
  const { driver, engine } = opened();
  engine.write([batch(BTC, minutes(0, 8))]);
  driver.exec('UPDATE segments SET data = zeroblob(100)');
  engine.write([batch(BTC, minutes(8, 16))]);
  const query = { key: BTC, from: 8 * MINUTE, to: 99 * MINUTE, limit: 99, take: 'first' } as const;
  expect(candlesOf(engine.read(query), BTC)).toEqual(minutes(8, 16));
});

it('cuts segments at the edges of what is removed', () => {
  const { driver, engine } = opened();
  engine.write([batch(BTC, minutes(0, 64))]);
  engine.write([batch(BTC, minutes(20, 21, 7)), batch(BTC, minutes(30, 31, 7))]);
  expect(engine.remove(BTC, { from: 10 * MINUTE, to: 25 * MINUTE })).toEqual({ removed: 15 });
  expect(segmentsOf(driver)).toEqual([
    [0, 9, 10],
    [25, 31, 7],
    [32, 47, 16],
    [48, 63, 16],
  ]);
  expect(rowsOf(driver)).toEqual([30]);
  expect(engine.remove(BTC, { from: 0, to: 99 * MINUTE })).toEqual({ removed: 49 });
  expect(segmentsOf(driver)).toEqual([]);
  expect(engine.list({})).toEqual([]);
});
