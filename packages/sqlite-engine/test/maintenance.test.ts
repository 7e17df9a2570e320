import type { SqliteDriver, SqliteEngine } from '@barkeep/sqlite-engine';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { StatementWatch } from '../src/maintenance/statement-watch.ts';
import {
  BTC,
  batch,
  candle,
  everything,
  MINUTE,
  openEngine,
  temporaryPath,
} from './test-database.ts';

const minutes = (count: number) => Array.from({ length: count }, (_, i) => candle(i * MINUTE));

/** An engine over a database to which somebody has added something. */
function withAdded(sql: string): SqliteEngine {
  const path = temporaryPath();
  openEngine(path, {}).close();
  new Database(path).exec(sql).close();
  const engine = openEngine(path, {});
  engine.write([batch(BTC, minutes(10))]);
  everything(engine, BTC);
  return engine;
}

describe('advice', () => {
  it.each([
    ['CREATE INDEX mine ON candle_rows (close)', 'unused-index', 'mine'],
    ['CREATE INDEX mine ON candle_rows (series_id, timestamp)', 'redundant-index', 'mine'],
    ['CREATE INDEX mine ON candle_rows (series_id)', 'redundant-index', 'mine'],
    ['CREATE INDEX mine ON candle_rows (timestamp, series_id)', 'column-order', 'mine'],
    ['CREATE INDEX "odd ""name""" ON coverage (source)', 'unused-index', 'odd "name"'],
    ['CREATE TABLE trades_of_mine (id INTEGER PRIMARY KEY)', 'foreign-table', 'trades_of_mine'],
  ])('on %s: %s', (sql, kind, subject) => {
    const engine = withAdded(sql);
    expect(engine.advise()).toMatchObject([{ kind, subject }]);
    engine.vacuum();
    engine.reindex();
    // It is still there.
    expect(engine.advise()).toMatchObject([{ kind, subject }]);
  });

  it('names the shorter of two added indexes that begin alike', () => {
    const engine = withAdded(
      'CREATE INDEX a ON candle_rows (close); CREATE INDEX ab ON candle_rows (close, volume)',
    );
    expect(engine.advise()).toMatchObject([
      { kind: 'redundant-index', subject: 'a', suggestion: 'DROP INDEX "a"' },
      { kind: 'unused-index', subject: 'ab' },
    ]);
  });
});

describe('a statement that takes far longer than usual', () => {
  /** Takes as long as its only parameter says. */
  const slept: SqliteDriver = {
    inTransaction: false,
    exec: () => {},
    prepare: (sql) => ({
      run: ([ms]) => {
        const end = performance.now() + Number(ms);
        while (performance.now() < end);
        return 0;
      },
      get: () => undefined,
      all: () => (sql.startsWith('EXPLAIN') ? [[0, 0, 0, 'SCAN candles'] as never] : []),
    }),
    close: () => {},
  };

  it('is kept with its plan and the shape of its parameters, and no value of them', () => {
    const watch = new StatementWatch(slept);
    const statement = watch.driver.prepare('UPDATE candles SET x = ?');
    for (let i = 0; i < 5; i += 1) statement.run([0]);
    expect(watch.slow).toEqual([]);
    statement.run([30]);
    expect(watch.slow).toMatchObject([
      { sql: 'UPDATE candles SET x = ?', parameters: 'integer', plan: ['SCAN candles'] },
    ]);
    const [slow] = watch.slow;
    expect(slow?.tookMs).toBeGreaterThan(slow?.thresholdMs ?? Number.POSITIVE_INFINITY);
  });

  it('is no news once it always takes that long', () => {
    const watch = new StatementWatch(slept);
    const statement = watch.driver.prepare('UPDATE candles SET x = ?');
    for (let i = 0; i < 8; i += 1) statement.run([25]);
    const { length } = watch.slow;
    for (let i = 0; i < 4; i += 1) statement.run([25]);
    expect(watch.slow).toHaveLength(length);
  });
});

it('gives back what was freed, in steps, and makes a database of another tool able to', () => {
  const path = temporaryPath();
  const made = openEngine(path, {});
  made.write([batch(BTC, minutes(20_000))]);
  made.close();
  new Database(path).exec('PRAGMA auto_vacuum = NONE; VACUUM').close();
  const engine = openEngine(path, {});
  engine.remove(BTC, { from: 0, to: 15_000 * MINUTE });
  const kept = everything(engine, BTC);
  const { freePages } = engine.fragmentation(false);
  expect(freePages).toBeGreaterThan(10);
  expect(engine.incrementalVacuum(5)).toMatchObject({ freedBytes: 0 });
  expect(engine.vacuum().freedBytes).toBeGreaterThan(0);
  engine.remove(BTC, { from: 15_000 * MINUTE, to: 19_000 * MINUTE });
  const before = engine.fragmentation(false).freePages;
  const { pagesBefore, pagesAfter } = engine.incrementalVacuum(2);
  expect(pagesBefore - pagesAfter).toBe(2);
  expect(engine.fragmentation(false).freePages).toBe(before - 2);
  expect(everything(engine, BTC)).toEqual(kept.slice(-1_000));
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
});

it('leases over connections, and remembers it over a restart', () => {
  const path = temporaryPath();
  const [one, two] = [openEngine(path, { writer: 1 }), openEngine(path, { writer: 2 })];
  const request = { name: 'maintenance', forMs: 1_000 };
  expect(one.lease({ ...request, owner: 'one' }, 0)).toBe(true);
  expect(two.lease({ ...request, owner: 'two' }, 999)).toBe(false);
  one.close();
  expect(two.lease({ ...request, owner: 'two' }, 999)).toBe(false);
  expect(two.lease({ ...request, owner: 'two' }, 1_000)).toBe(true);
});
