/** One damaged number, or one lost entry: never a wrong answer, always found, and repaired. */
import { BarkeepError, type Candle, type SeriesKey } from '@barkeep/core';
import type { SqliteEngine } from '@barkeep/sqlite-engine';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import {
  BTC,
  batch,
  candle,
  candlesOf,
  everything,
  MINUTE,
  openEngine,
  temporaryPath,
} from './test-database.ts';

const TINY = { segmentCandles: 64, keepRows: 8, bulkCandles: 16, automatic: false } as const;
const ROWS: SeriesKey = { symbol: 'ROWS', timeframe: '1m' };
const EVER = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

/** Every second minute, so that there is room between; four of them are rows over segments. */
const STORED: readonly Candle[] = Array.from({ length: 200 }, (_, i) =>
  candle(2 * i * MINUTE, i % 50 === 7 ? 7 : 100),
);
const FEW: readonly Candle[] = STORED.slice(0, 12);

function damaged(sql: string): SqliteEngine {
  const path = temporaryPath();
  const engine = openEngine(path, { archive: TINY });
  const covers = [{ from: 0, to: 400 * MINUTE }];
  const first = STORED.map(({ timestamp }) => candle(timestamp));
  engine.write([batch(BTC, first, { covers })]);
  engine.write([batch(BTC, STORED)]);
  engine.write([batch(ROWS, FEW, { covers: [{ from: 0, to: 24 * MINUTE }] })]);
  engine.close();
  const database = new Database(path);
  database.exec(`PRAGMA foreign_keys = OFF; ${sql}`);
  database.close();
  return openEngine(path, { archive: TINY });
}

/** What a call answers, or `CORRUPT`; anything else fails. */
function unlessCorrupt<T>(call: () => T): T | 'CORRUPT' {
  try {
    return call();
  } catch (error) {
    if (BarkeepError.is(error, 'CORRUPT')) return 'CORRUPT';
    throw error;
  }
}

/** Reads answer what was stored, or refuse to: of all candles, and, unless some are lost, of a few. */
function expectNothingWrong(
  engine: SqliteEngine,
  key: SeriesKey,
  stored: readonly Candle[],
  sql: string,
): void {
  const few = (take: 'first' | 'last') => () =>
    candlesOf(engine.read({ key, ...EVER, limit: 10, take }), key);
  const all = unlessCorrupt(() => everything(engine, key));
  if (all !== 'CORRUPT') expect(all).toEqual(stored);
  if (LOSSES.some((loss) => sql.startsWith(loss))) return;
  const [latest, earliest] = [unlessCorrupt(few('last')), unlessCorrupt(few('first'))];
  if (latest !== 'CORRUPT') expect(latest).toEqual(stored.slice(-10));
  if (earliest !== 'CORRUPT') expect(earliest).toEqual(stored.slice(0, 10));
}

/** After a repair what is covered is right, and nothing but what was stored is there. */
function expectHealed(engine: SqliteEngine, key: SeriesKey, stored: readonly Candle[]): void {
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, problems: [] });
  const candles = everything(engine, key);
  const found = new Map(candles.map((one) => [one.timestamp, one]));
  const covered = engine.coverageOf(key, EVER);
  for (const one of stored) {
    const at = one.timestamp;
    if (covered.some(({ from, to }) => from <= at && at < to)) expect(found.get(at)).toEqual(one);
    found.delete(at);
  }
  expect([...found]).toEqual([]);
  const [first, last] = [candles[0]?.timestamp, candles.at(-1)?.timestamp];
  const { length: count } = candles;
  expect(engine.list(key)).toEqual(count === 0 ? [] : [{ ...key, count, first, last }]);
}

/** What takes an entry away, so that a read of a few cannot know of it. */
const LOSSES = [
  'DELETE',
  'UPDATE segments SET series_id',
  'UPDATE segments SET first = -1',
  'UPDATE candle_rows SET series_id',
];

const ONE = 'WHERE first = 15360000';
const SERIES = "WHERE symbol = 'KRW-BTC'";

describe.each([
  ...['count + 4294967296', 'count + 1099511627776', '-count', '0', 'count - 1', 'count + 1'].map(
    (count) => `UPDATE segments SET count = ${count} ${ONE}`,
  ),
  ...['last = first', 'last = last + 60000', 'last = last - 120000', 'last = 9007199254740993'].map(
    (last) => `UPDATE segments SET ${last} ${ONE}`,
  ),
  ...['first = first - 60000', 'first = first + 60000', 'first = -1', 'first = last + 1'].map(
    (first) => `UPDATE segments SET ${first} ${ONE}`,
  ),
  `UPDATE segments SET checksum = checksum + 1 ${ONE}`,
  `UPDATE segments SET format = 9 ${ONE}`,
  `UPDATE segments SET data = zeroblob(40) ${ONE}`,
  `UPDATE segments SET data = x'' ${ONE}`,
  `UPDATE segments SET data = (SELECT data FROM segments WHERE first = 0) ${ONE}`,
  `UPDATE segments SET series_id = 77 ${ONE}`,
  `DELETE FROM segments ${ONE}`,
  'DELETE FROM segments WHERE first = 0',
  'DELETE FROM segments WHERE series_id = 1',
  ...['1099511627776', '0', 'count', '-5', 'row_count + 1'].map(
    (count) => `UPDATE series SET row_count = ${count} ${SERIES}`,
  ),
  ...['1099511627776', '0', '-5', 'count + 1', 'count - 1'].map(
    (count) => `UPDATE series SET count = ${count} ${SERIES}`,
  ),
  ...['last = first', 'first = last', 'first = NULL', 'last = NULL', 'last = last + 60000'].map(
    (extent) => `UPDATE series SET ${extent} ${SERIES}`,
  ),
  `UPDATE series SET first = NULL, last = NULL, count = 0, row_count = 0 ${SERIES}`,
  `UPDATE series SET timeframe = '0x' ${SERIES}`,
  `UPDATE series SET timeframe = '7m' ${SERIES}`,
  `UPDATE series SET timeframe = '' ${SERIES}`,
  'DELETE FROM candle_rows WHERE series_id = 1 AND timestamp = 840000',
  'UPDATE candle_rows SET timestamp = timestamp + 1 WHERE series_id = 1 AND timestamp = 840000',
  'UPDATE candle_rows SET high = low - 1 WHERE series_id = 1 AND timestamp = 840000',
  'UPDATE candle_rows SET close = 9e999 WHERE series_id = 1 AND timestamp = 840000',
  'UPDATE candle_rows SET series_id = 77 WHERE series_id = 1 AND timestamp = 840000',
  'UPDATE coverage SET to_time = from_time WHERE series_id = 1',
  'UPDATE coverage SET to_time = to_time + 1 WHERE series_id = 1',
  "INSERT INTO coverage VALUES (1, 60000, 120000, 'x', 1)",
  'UPDATE coverage SET series_id = 77 WHERE series_id = 1',
])('%s', (sql) => {
  it('is never answered wrongly, is found, and is repaired', () => {
    const engine = damaged(sql);
    expectNothingWrong(engine, BTC, STORED, sql);
    expect(everything(engine, ROWS)).toEqual(FEW);
    const { ok, problems } = engine.checkIntegrity(undefined);
    expect([ok, problems.length > 0]).toEqual([false, true]);
    unlessCorrupt(() => engine.explain({}));
    expect(engine.repair(undefined).repairs).not.toEqual([]);
    expectHealed(engine, BTC, STORED);
    expectHealed(engine, ROWS, FEW);
    expect(engine.repair(undefined)).toEqual({
      repairs: [],
      truncated: false,
      series: [],
      remaining: [],
    });
    // Writing what a new fetch would bring makes it whole again.
    engine.write([batch(BTC, STORED, { covers: [{ from: 0, to: 400 * MINUTE }] })]);
    expect(everything(engine, BTC)).toEqual(STORED);
    expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, candles: 212 });
  });
});

it('repairs one series and leaves the others', () => {
  const engine = damaged('UPDATE series SET count = count + 1');
  expect(engine.repair(ROWS).series).toEqual([ROWS]);
  expect(engine.checkIntegrity(ROWS).ok).toBe(true);
  expect(engine.checkIntegrity(BTC).ok).toBe(false);
});

it('mends a number without giving up candles or coverage', () => {
  const engine = damaged(`UPDATE segments SET count = count + 4294967296 ${ONE}`);
  const covered = engine.coverageOf(BTC, EVER);
  engine.repair(undefined);
  expect(everything(engine, BTC)).toEqual(STORED);
  expect(engine.coverageOf(BTC, EVER)).toEqual(covered);
  expect(engine.quarantine(undefined)).toEqual({ candles: 0, runs: [] });
});

it('mends it in a quarantine too, which gives up what cannot be read alone', () => {
  const engine = damaged(`UPDATE segments SET last = first ${ONE}`);
  expect(engine.quarantine(undefined)).toEqual({ candles: 0, runs: [] });
  expect(everything(engine, BTC)).toEqual(STORED);
});

it('gives every series that it repaired new revisions, and other connections word of it', () => {
  const engine = damaged(`DELETE FROM segments ${ONE}`);
  const before = engine.revisions(BTC, [EVER]);
  const rows = engine.revisions(ROWS, [EVER]);
  expect(engine.repair(undefined).series).toEqual([BTC]);
  expect(engine.revisions(BTC, [EVER])).not.toEqual(before);
  expect(engine.revisions(ROWS, [EVER])).toEqual(rows);
});

it('names the candle of a row that breaks a rule', () => {
  const engine = damaged(
    'UPDATE candle_rows SET high = low - 1 WHERE series_id = 1 AND timestamp = 840000',
  );
  const [repair] = engine.repair(undefined).repairs;
  expect(repair).toMatchObject({ kind: 'value', interval: { from: 840_000, to: 900_000 } });
  expect(repair?.message).toContain('high must not be below low');
});

it('does not give a lost series its number, and what belonged to it, under another name', () => {
  const engine = damaged(`DELETE FROM series ${SERIES}`);
  const other = { symbol: 'OTHER', timeframe: '1m' } as const;
  engine.write([batch(other, [candle(0)])]);
  expect(everything(engine, other)).toEqual([candle(0)]);
  expect(engine.coverageOf(other, EVER)).toEqual([]);
  expect(engine.checkIntegrity(undefined).problems.map(({ kind }) => kind)).toContain('reference');
  expect(engine.repair(undefined).repairs).toMatchObject([{ kind: 'reference' }]);
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
  expect(engine.list({}).map(({ symbol }) => symbol)).toEqual(['ROWS', 'OTHER']);
});

it('removes damaged rows and fetches them anew without a repair, as the error says', () => {
  const engine = damaged('UPDATE candle_rows SET close = 9e999 WHERE timestamp = 840000');
  expect(unlessCorrupt(() => everything(engine, BTC))).toBe('CORRUPT');
  engine.remove(BTC, { from: 840_000, to: 900_000 });
  engine.write([batch(BTC, STORED)]);
  expect(everything(engine, BTC)).toEqual(STORED);
});
