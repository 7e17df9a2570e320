import { comparedFigures } from '@barkeep/candle-archive';
import { type Candle, type Interval, type SeriesKey, timeframeGrid } from '@barkeep/core';
import type { ArchiveOption, SqliteEngine } from '@barkeep/sqlite-engine';
import fc from 'fast-check';
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

const TINY = { segmentCandles: 16, keepRows: 8, bulkCandles: 5, automatic: false } as const;
const BEGINNING = Number.MIN_SAFE_INTEGER;

const minutes = (from: number, to: number, price?: number): Candle[] =>
  Array.from({ length: to - from }, (_, i) => candle((from + i) * MINUTE, price));

function compact(engine: SqliteEngine, key: SeriesKey = BTC) {
  const before = engine.archiveFigures(key);
  let from: number | undefined = BEGINNING;
  while (from !== undefined) from = engine.compactSeries(key, from)?.next;
  return comparedFigures(
    [{ key, figures: before }],
    [{ key, figures: engine.archiveFigures(key) }],
  );
}

/** One candle at a time, as they come from a live market. */
function append(engine: SqliteEngine, candles: readonly Candle[]): void {
  for (const one of candles) engine.write([batch(BTC, [one])]);
}

function expectSound(engine: SqliteEngine, expected: readonly Candle[]): void {
  expect(everything(engine, BTC)).toEqual(expected);
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, problems: [] });
}

it('folds all rows but the latest into full segments', () => {
  const engine = openEngine(temporaryPath(), { archive: TINY });
  append(engine, minutes(0, 8 + 3 * 16 + 5));
  const explained = engine.explain({});
  expect(compact(engine)).toEqual(explained);
  expect(explained).toMatchObject({
    series: 1,
    segmentsBefore: 0,
    segmentsAfter: 4,
    rowsBefore: 61,
    rowsAfter: 8,
  });
  expect(engine.archiveFigures(BTC)).toEqual({
    segments: 4,
    rows: 8,
    bytes: explained.bytesAfter,
  });
  expectSound(engine, minutes(0, 61));
});

it('lets late candles join their segment and leaves the others as they are', () => {
  const path = temporaryPath();
  const engine = openEngine(path, { archive: TINY });
  const ids = () => connect(path).prepare('SELECT id, first FROM segments ORDER BY first').all([]);
  append(engine, minutes(0, 8 + 4 * 16));
  compact(engine);
  const before = ids();
  append(engine, [candle(20 * MINUTE, 7), candle(21 * MINUTE, 7)]);
  expect(engine.archiveFigures(BTC)).toMatchObject({ segments: 4, rows: 10 });
  // The latest rows stay rows, and late ones are not among them.
  const report = compact(engine);
  expect(report).toMatchObject({ rowsBefore: 10, rowsAfter: 8, segmentsAfter: 4 });
  expect(ids().filter((row, i) => String(row) === String(before[i]))).toHaveLength(3);
  const all = minutes(0, 72);
  all.splice(20, 2, candle(20 * MINUTE, 7), candle(21 * MINUTE, 7));
  expectSound(engine, all);
});

it('joins short neighbours and divides what outgrew a segment', () => {
  const engine = openEngine(temporaryPath(), { archive: TINY });
  for (let i = 0; i < 6; i += 1) engine.write([batch(BTC, minutes(i * 100, i * 100 + 6))]);
  const odd = minutes(600, 700).filter((_, i) => i % 2 === 1);
  engine.write([batch(BTC, odd)]);
  append(
    engine,
    minutes(600, 700).filter((_, i) => i % 2 === 0),
  );
  append(engine, minutes(800, 808));
  const expected = everything(engine, BTC);
  const explained = engine.explain({});
  expect(compact(engine)).toEqual(explained);
  expectSound(engine, expected);
  expect(compact(engine)).toMatchObject({ series: 0, segmentsBefore: explained.segmentsAfter });
});

it('turns segments back into rows when archiving is off, and again into segments', () => {
  const path = temporaryPath();
  const archived = openEngine(path, { archive: TINY });
  append(archived, minutes(0, 100));
  compact(archived);
  append(archived, minutes(30, 40, 7));
  const expected = everything(archived, BTC);
  const plain = openEngine(path, { archive: 'off' });
  const explained = plain.explain({});
  expect(explained).toMatchObject({ segmentsAfter: 0, rowsAfter: 100 });
  expect(compact(plain)).toEqual(explained);
  expectSound(plain, expected);
  expect(connect(path).prepare('SELECT count(*) FROM candles').get([])).toEqual([100]);
  expect(compact(archived)).toMatchObject({ rowsBefore: 100, rowsAfter: 8 });
  expectSound(archived, expected);
});

it('compacts by itself, a step at a time, when enough rows are there', () => {
  const engine = openEngine(temporaryPath(), { archive: { ...TINY, automatic: true } });
  append(engine, minutes(0, 23));
  expect(engine.compactStep()).toBe(false);
  expect(engine.archiveFigures(BTC)).toMatchObject({ segments: 0, rows: 23 });
  append(engine, minutes(23, 24 + 32));
  const rows = [engine.archiveFigures(BTC).rows];
  while (engine.compactStep()) rows.push(engine.archiveFigures(BTC).rows);
  rows.push(engine.archiveFigures(BTC).rows);
  expect(rows).toEqual([56, 40, 24, 8]);
  expectSound(engine, minutes(0, 56));
});

it('goes on by itself where another connection or policy left it', () => {
  const path = temporaryPath();
  append(openEngine(path, { archive: 'off' }), minutes(0, 60));
  const engine = openEngine(path, { archive: { ...TINY, automatic: true } });
  while (engine.compactStep());
  expect(engine.archiveFigures(BTC).rows).toBeLessThan(24);
  const plain = openEngine(path, { archive: 'off' });
  while (plain.compactStep());
  expect(plain.archiveFigures(BTC)).toMatchObject({ segments: 0, rows: 60 });
  expectSound(plain, minutes(0, 60));
});

it('does not wait for another connection that writes', () => {
  const path = temporaryPath();
  const engine = openEngine(path, { archive: { ...TINY, automatic: true } }, connect(path, 60_000));
  append(engine, minutes(0, 40));
  const other = connect(path);
  other.exec('BEGIN IMMEDIATE');
  expect(engine.compactStep()).toBe(false);
  other.exec('ROLLBACK');
  expect(engine.archiveFigures(BTC).segments).toBe(0);
  while (engine.compactStep());
  expect(engine.archiveFigures(BTC).segments).toBe(2);
});

it('commits nothing when what it stored is not what it read', () => {
  const path = temporaryPath();
  const driver = connect(path);
  const engine = openEngine(path, { archive: TINY }, driver);
  append(engine, minutes(0, 40));
  driver.exec(
    `CREATE TEMP TRIGGER spoil AFTER INSERT ON segments
     BEGIN UPDATE main.segments SET count = count - 1 WHERE id = new.id; END`,
  );
  expect(() => compact(engine)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  driver.exec('DROP TRIGGER spoil');
  expect(engine.archiveFigures(BTC)).toMatchObject({ segments: 0, rows: 40 });
  expectSound(engine, minutes(0, 40));
});

const place = fc.nat({ max: 120 });
const step = fc.oneof(
  fc.record({
    type: fc.constant('rows' as const),
    at: place,
    length: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    type: fc.constant('bulk' as const),
    at: place,
    length: fc.integer({ min: 5, max: 70 }),
  }),
  fc.record({
    type: fc.constant('remove' as const),
    at: place,
    length: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ type: fc.constant('step' as const), at: place, length: fc.constant(0) }),
  fc.record({ type: fc.constant('compact' as const), at: place, length: fc.constant(0) }),
  fc.record({ type: fc.constant('policy' as const), at: place, length: fc.constant(0) }),
);

it('keeps every candle, does what it explained, and comes to rest, after any sequence of changes', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const path = temporaryPath();
      const policies: readonly ArchiveOption[] = [TINY, 'off', { ...TINY, segmentCandles: 7 }];
      const engines = policies.map((archive) => openEngine(path, { archive, synchronous: 'off' }));
      let current = 0;
      let price = 1;
      const model = new Map<number, Candle>();
      for (const { type, at, length } of steps) {
        const engine = engines[current % engines.length] ?? expect.unreachable();
        const range: Interval = { from: at * MINUTE, to: (at + length) * MINUTE };
        if (type === 'rows' || type === 'bulk') {
          price += 1;
          const candles = minutes(at, at + length, price);
          engine.write([batch(BTC, candles)]);
          for (const one of candles) model.set(one.timestamp, one);
        } else if (type === 'remove') {
          engine.remove(BTC, range);
          for (const key of model.keys())
            if (range.from <= key && key < range.to) model.delete(key);
        } else if (type === 'step') engine.compactSeries(BTC, at * MINUTE);
        else if (type === 'policy') current += 1;
        else {
          const explained = engine.explain({});
          const report = compact(engine);
          expect(report).toEqual(explained);
          expect(compact(engine).series).toBe(0);
        }
        const expected = [...model.values()].sort((a, b) => a.timestamp - b.timestamp);
        expect(everything(engine, BTC)).toEqual(expected);
      }
      const [engine] = engines;
      expect(engine?.checkIntegrity(undefined)).toMatchObject({ ok: true, problems: [] });
      for (const one of engines) one.close();
    }),
    { numRuns: 60 },
  );
});

it('sets damaged segments apart with their coverage, and keeps the rest', () => {
  const path = temporaryPath();
  const engine = openEngine(path, { archive: TINY });
  const follower = openEngine(path);
  const covers = [{ from: 0, to: 100 * MINUTE }];
  engine.write([batch(BTC, minutes(0, 100), { covers })]);
  append(engine, [candle(20 * MINUTE, 7)]);
  follower.readChanges();
  const driver = connect(path);
  const [id, data] = driver
    .prepare<readonly [number, Uint8Array]>('SELECT id, data FROM segments WHERE first = ?')
    .get([16 * MINUTE]) ?? [0, new Uint8Array()];
  const damaged = data.slice();
  damaged[damaged.length - 3] = (damaged.at(-3) ?? 0) ^ 0x10;
  driver.prepare('UPDATE segments SET data = ? WHERE id = ?').run([damaged, id]);

  const interval = { from: 16 * MINUTE, to: timeframeGrid('1m').shift(31 * MINUTE) };
  expect(engine.checkIntegrity(undefined).problems).toMatchObject([{ kind: 'damaged', interval }]);
  const details = { ...BTC, ...interval };
  expect(() => everything(engine, BTC)).toThrow(
    expect.objectContaining({ code: 'CORRUPT', details: expect.objectContaining(details) }),
  );
  expect(engine.quarantine(undefined)).toMatchObject({
    candles: 16,
    runs: [{ key: BTC, interval, candles: 16 }],
  });
  const left = [...minutes(0, 16), candle(20 * MINUTE, 7), ...minutes(32, 100)];
  expectSound(engine, left);
  expect(engine.list({})).toEqual([{ ...BTC, count: 85, first: 0, last: 99 * MINUTE }]);
  expect(engine.coverageOf(BTC, { from: 0, to: 100 * MINUTE })).toMatchObject([
    { from: 0, to: interval.from },
    { from: interval.to, to: 100 * MINUTE },
  ]);
  expect(follower.readChanges().changes).toEqual([
    { type: 'candles', key: BTC, interval },
    { type: 'coverage', key: BTC, interval },
  ]);
  expect(driver.prepare('SELECT first, data FROM damaged_segments').all([])).toEqual([
    [interval.from, Buffer.from(damaged)],
  ]);
  expect(engine.quarantine(BTC)).toEqual({ candles: 0, runs: [] });
  engine.write([batch(BTC, minutes(16, 32))]);
  expectSound(engine, minutes(0, 100));
});

it.each([
  ['order', 'UPDATE segments SET last = last + 600000, data = data WHERE first = 0'],
  ['damaged', 'UPDATE segments SET count = count + 1 WHERE first = 0'],
  ['damaged', 'UPDATE segments SET data = zeroblob(40) WHERE first = 0'],
  ['counter', 'UPDATE series SET row_count = row_count + 1'],
  ['counter', 'UPDATE series SET count = count + 1'],
  ['reference', 'PRAGMA foreign_keys = OFF; UPDATE segments SET series_id = 77 WHERE first = 0'],
])('finds a fault of kind %s in segments: %s', (kind, sql) => {
  const path = temporaryPath();
  const engine = openEngine(path, { archive: TINY });
  engine.write([batch(BTC, minutes(0, 64))]);
  append(engine, minutes(60, 70, 7));
  connect(path).exec(sql);
  expect(engine.checkIntegrity(undefined).problems.map((it) => it.kind)).toContain(kind);
});
