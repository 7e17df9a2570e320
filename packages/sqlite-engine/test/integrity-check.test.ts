import type { SqliteEngineOptions } from '@barkeep/sqlite-engine';
import { expect, it } from 'vitest';
import { BTC, batch, candle, connect, MINUTE, openEngine, temporaryPath } from './test-database.ts';

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
