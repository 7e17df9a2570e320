/** Loops over what is stored end, whatever that is. */

import { comparedFigures } from '@barkeep/candle-archive';
import type { Candle } from '@barkeep/core';
import type { ArchiveOption, SqliteEngine } from '@barkeep/sqlite-engine';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
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

const EVER = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
const at = (minutes: readonly number[]): Candle[] => minutes.map((m) => candle(m * MINUTE));

/** Compacts as a storage does, and counts the steps. */
function compact(engine: SqliteEngine) {
  const before = engine.archiveFigures(BTC);
  let steps = 0;
  for (let from: number | undefined = EVER.from; from !== undefined; ) {
    const step = engine.compactSeries(BTC, from);
    from = step?.next;
    steps += 1;
    expect(steps).toBeLessThan(1_000);
  }
  return comparedFigures(
    [{ key: BTC, figures: before }],
    [{ key: BTC, figures: engine.archiveFigures(BTC) }],
  );
}

/** A candle every third minute in segments, then the minutes between them, a few at a time, as rows. */
function withRowsBetween(archive: ArchiveOption, history: number, late: number): SqliteEngine {
  const engine = openEngine(temporaryPath(), { archive });
  engine.write([batch(BTC, at(Array.from({ length: history }, (_, i) => i * 3)))]);
  const minutes = Array.from(
    { length: (history - 1) * 2 },
    (_, i) => Math.floor(i / 2) * 3 + 1 + (i % 2),
  ).slice(1, late + 1);
  // So few that no write has its segment written anew.
  const portion = Math.max(1, Math.floor(history / 24));
  for (let i = 0; i < minutes.length; i += portion) {
    engine.write([batch(BTC, at(minutes.slice(i, i + portion)))]);
  }
  return engine;
}

it.each([
  ['the defaults', { automatic: false }, 4_096, 4_700],
  ['tiny segments', { automatic: false, segmentCandles: 4, bulkCandles: 2, keepRows: 1 }, 4, 6],
  ['one row', { automatic: false, segmentCandles: 1, bulkCandles: 1_000, keepRows: 1 }, 9, 8],
  ['all rows', { automatic: false, segmentCandles: 8, bulkCandles: 4, keepRows: 1 }, 8, 14],
] as const)(
  'explains rows within a segment, with %s, and does just that',
  (_, archive, history, late) => {
    const engine = withRowsBetween(archive, history, late);
    const before = everything(engine, BTC);
    const explained = engine.explain({});
    expect(compact(engine)).toEqual(explained);
    expect(everything(engine, BTC)).toEqual(before);
    expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
    expect(engine.explain({})).toMatchObject({ series: 0 });
  },
);

it('explains any number of rows within segments of any size', () => {
  for (let size = 2; size <= 8; size += 3) {
    for (let late = 1; late <= 22; late += 3) {
      const archive = { automatic: false, segmentCandles: size, bulkCandles: 2, keepRows: 1 };
      const engine = withRowsBetween(archive, 12, late);
      const explained = engine.explain({});
      expect(compact(engine), `${size} ${late}`).toEqual(explained);
    }
  }
});

/** Segments whose checksums are right and that lie across one another, as no engine stores them. */
function withForgedSegments(): { readonly path: string; readonly engine: SqliteEngine } {
  const archive = { automatic: false, segmentCandles: 64, bulkCandles: 16, keepRows: 8 };
  const path = temporaryPath();
  const engine = openEngine(path, { archive });
  const minutes = (from: number) => at(Array.from({ length: 64 }, (_, i) => from + i));
  engine.write([batch(BTC, [...minutes(0), ...minutes(64), ...minutes(128)])]);
  engine.write([batch({ ...BTC, symbol: 'X' }, minutes(32))]);
  const database = new Database(path);
  database.exec(
    `UPDATE segments SET series_id = 1 WHERE series_id = 2;
     UPDATE series SET count = count + 64 WHERE id = 1`,
  );
  database.close();
  return { path, engine };
}

it('ends every call over forged segments, most of them with CORRUPT', () => {
  const { engine } = withForgedSegments();
  expect(thrownBy(() => everything(engine, BTC)).code).toBe('CORRUPT');
  const partly = { key: BTC, from: 0, to: 100 * MINUTE, limit: 1_000, take: 'last' } as const;
  expect(thrownBy(() => engine.read(partly)).code).toBe('CORRUPT');
  expect(engine.checkIntegrity(BTC).problems.map(({ kind }) => kind)).toContain('order');
  engine.explain({});
  compact(engine);
  engine.repair(undefined);
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
  const found = everything(engine, BTC).map(({ timestamp }) => timestamp / MINUTE);
  expect(found.every((minute, i) => i === 0 || minute > (found[i - 1] ?? minute))).toBe(true);
});

it('compacts by itself no longer than there is something to do, whatever a counter says', () => {
  const { path, engine } = withForgedSegments();
  engine.repair(undefined);
  engine.close();
  const database = new Database(path);
  database.exec('UPDATE series SET row_count = 1099511627776');
  database.close();
  const automatic = openEngine(path, {
    archive: { segmentCandles: 64, bulkCandles: 16, keepRows: 8 },
  });
  let steps = 0;
  while (automatic.compactStep()) steps += 1;
  expect(steps).toBeLessThan(10);
});

it.each([
  'UPDATE segments SET last = 9007199254740991 WHERE first = 0',
  'UPDATE segments SET last = -1 WHERE first = 0',
  'UPDATE segments SET first = 9007199254740990 WHERE first = 0',
])('ends every call with a border far off: %s', (sql) => {
  const archive = { automatic: false, segmentCandles: 64, bulkCandles: 16, keepRows: 8 } as const;
  const path = temporaryPath();
  const engine = openEngine(path, { archive });
  engine.write([batch(BTC, at(Array.from({ length: 200 }, (_, i) => i)))]);
  for (let i = 0; i < 20; i += 1) engine.write([batch(BTC, [candle(i * MINUTE, 7)])]);
  const database = new Database(path);
  database.exec(sql);
  database.close();
  const calls = [
    () => everything(engine, BTC),
    () => engine.explain({}),
    () => compact(engine),
    () => engine.write([batch(BTC, at(Array.from({ length: 300 }, (_, i) => i)))]),
    () => engine.remove(BTC, { from: 0, to: 10 * MINUTE }),
  ];
  for (const call of calls) {
    try {
      call();
    } catch (error) {
      expect(error).toMatchObject({ code: 'CORRUPT' });
    }
  }
  expect(engine.checkIntegrity(undefined).ok).toBe(false);
  engine.repair(undefined);
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
});
