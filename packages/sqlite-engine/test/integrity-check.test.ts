import type { SqliteEngineOptions } from '@barkeep/sqlite-engine';
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
} from './test-database.ts';

function filled(options: Partial<SqliteEngineOptions> = {}) {
  const path = temporaryPath();
  const driver = connect(path);
  const engine = openEngine(path, options, driver);
  const candles = Array.from({ length: 20 }, (_, i) => candle(i * MINUTE));
  engine.write([batch(BTC, candles, { covers: [{ from: 0, to: 10 * MINUTE }] })]);
  return { driver, engine };
}

it('finds nothing in a sound database', () => {
  const { engine } = filled();
  const sound = { ok: true, series: 1, candles: 20, problems: [], truncated: false };
  expect(engine.checkIntegrity(undefined)).toEqual(sound);
  expect(engine.checkIntegrity(BTC)).toEqual(sound);
  expect(engine.checkIntegrity({ ...BTC, symbol: 'X' })).toMatchObject({ ok: true, candles: 0 });
});

it.each([
  ['counter', 'UPDATE series SET count = 21'],
  ['counter', 'UPDATE series SET last = last + 60000'],
  ['counter', 'DELETE FROM candle_rows WHERE timestamp = 0'],
  ['value', 'UPDATE candle_rows SET high = 1 WHERE timestamp = 60000'],
  ['value', 'UPDATE candle_rows SET volume = -1 WHERE timestamp = 60000'],
  ['value', 'UPDATE candle_rows SET volume = 9e999 WHERE timestamp = 60000'],
  ['value', 'UPDATE candle_rows SET close = 1e9 WHERE timestamp = 60000'],
  ['value', 'UPDATE candle_rows SET timestamp = 60001 WHERE timestamp = 60000'],
  ['coverage', "INSERT INTO coverage VALUES (1, 300000, 1200000, 'x', 1)"],
  ['coverage', "INSERT INTO coverage VALUES (1, 900001, 1200000, 'x', 1)"],
  ['coverage', "INSERT INTO coverage VALUES (1, 900000, 840000, 'x', 1)"],
  ['reference', 'INSERT INTO candle_rows VALUES (99, 0, 1, 1, 1, 1, 1)'],
  ['reference', "INSERT INTO coverage VALUES (99, 0, 60000, 'x', 1)"],
])('finds a fault of kind %s: %s', (kind, sql) => {
  const { driver, engine } = filled();
  driver.exec(sql);
  const { ok, problems } = engine.checkIntegrity(undefined);
  expect(ok).toBe(false);
  expect(problems.map((problem) => problem.kind)).toEqual([kind]);
});

it('lists a thousand problems at most', () => {
  const { driver, engine } = filled({ archive: 'off' });
  const candles = Array.from({ length: 1_500 }, (_, i) => candle(i * MINUTE));
  engine.write([batch(BTC, candles)]);
  driver.exec('UPDATE candle_rows SET volume = -1');
  const { problems, truncated } = engine.checkIntegrity(BTC);
  expect([problems.length, truncated]).toEqual([1_000, true]);
});

/** A series in the wide table, one that is not, and candles of both in segments. */
function filledWide() {
  const path = temporaryPath();
  const driver = connect(path);
  const archive = { segmentCandles: 16, keepRows: 4, bulkCandles: 16, automatic: false } as const;
  const engine = openEngine(path, { archive }, driver);
  const wide = (i: number) => ({ ...candle(i * MINUTE), quoteVolume: i, tradeCount: 3 });
  const plain = Array.from({ length: 24 }, (_, i) => candle(i * MINUTE));
  const ETH = { ...BTC, symbol: 'KRW-ETH' };
  for (const one of [plain, [candle(30 * MINUTE)]]) engine.write([batch(ETH, one)]);
  engine.write([batch(BTC, plain), batch(BTC, [wide(24), candle(25 * MINUTE)])]);
  engine.write([
    batch(
      BTC,
      Array.from({ length: 20 }, (_, i) => wide(100 + i)),
    ),
  ]);
  engine.write([batch(BTC, [wide(200)])]);
  return { driver, engine, before: everything(engine, BTC) };
}

it('keeps rows of series with optional columns apart, and takes columns away with the candle', () => {
  const { driver, engine, before } = filledWide();
  const rows = (table: string) =>
    driver.prepare(`SELECT symbol, count(*) FROM ${table} JOIN series ON series.id = series_id
      GROUP BY symbol ORDER BY symbol`);
  expect(rows('candle_rows').all([])).toEqual([['KRW-ETH', 1]]);
  expect(rows('wide_candle_rows').all([])).toEqual([['KRW-BTC', 1]]);
  expect(before.at(-1)).toEqual({ ...candle(200 * MINUTE), quoteVolume: 200, tradeCount: 3 });
  expect(before.at(-22)).toEqual(candle(25 * MINUTE));
  const [one] = engine.write([batch(BTC, [before.at(-1) ?? candle(0)])]);
  expect(one).toMatchObject({ unchanged: 1 });
  const [revision] = engine.revisions(BTC, [{ from: 200 * MINUTE, to: 201 * MINUTE }]);
  const [other] = engine.write([batch(BTC, [candle(200 * MINUTE)])]);
  expect(other).toMatchObject({ updated: 1 });
  expect(engine.revisions(BTC, [{ from: 200 * MINUTE, to: 201 * MINUTE }])).not.toEqual([revision]);
  expect(everything(engine, BTC).at(-1)).toEqual(candle(200 * MINUTE));
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, candles: 72 });
});

it.each([
  ['counter', 'UPDATE series SET columns = 0 WHERE id = 2'],
  ['counter', 'UPDATE series SET columns = 64 WHERE id = 2'],
  ['counter', 'UPDATE series SET columns = 1024 WHERE id = 1'],
  [
    'counter',
    `INSERT INTO candle_rows SELECT series_id, timestamp, open, high, low, close, volume
     FROM wide_candle_rows; DELETE FROM wide_candle_rows`,
  ],
  ['value', 'UPDATE wide_candle_rows SET trade_count = 1.5 WHERE timestamp = 12000000'],
  ['value', 'UPDATE wide_candle_rows SET quote_volume = -1 WHERE timestamp = 12000000'],
  ['value', 'UPDATE wide_candle_rows SET quote_volume = 9e999 WHERE timestamp = 12000000'],
  [
    'reference',
    'INSERT INTO wide_candle_rows (series_id, timestamp, open, high, low, close, volume) VALUES (99, 0, 1, 1, 1, 1, 1)',
  ],
])('finds a fault of kind %s in optional columns, and mends it: %s', (kind, sql) => {
  const { driver, engine, before } = filledWide();
  driver.exec(sql);
  const { ok, problems } = engine.checkIntegrity(undefined);
  expect(ok).toBe(false);
  expect(problems.map((problem) => problem.kind)).toContain(kind);
  expect(engine.repair(undefined).remaining).toEqual([]);
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, problems: [] });
  const isLost = sql.startsWith('INSERT INTO candle_rows') || kind === 'value';
  if (!isLost) expect(everything(engine, BTC)).toEqual(before);
  expect(everything(engine, BTC).length).toBe(kind === 'value' ? before.length - 1 : before.length);
});
