import { copyFileSync } from 'node:fs';
import type { Interval, SeriesKey } from '@barkeep/core';
import type { SqliteEngine } from '@barkeep/sqlite-engine';
import { EVER } from '@barkeep/storage';
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

const BUCKET = 1_024;
const minutes = (from: number, to: number, price?: number) =>
  Array.from({ length: to - from }, (_, i) => candle((from + i) * MINUTE, price));
const range = (from: number, to: number): Interval => ({ from: from * MINUTE, to: to * MINUTE });

function revision(engine: SqliteEngine, asked: Interval, key: SeriesKey = BTC): string {
  const [text = expect.unreachable()] = engine.revisions(key, [asked]);
  return text;
}

function rowsOf(path: string): unknown {
  return connect(path).prepare('SELECT count(*) FROM revisions').get([])?.[0];
}

it('is the same text for what never had candles, in every database', () => {
  const [one, other] = [openEngine(temporaryPath()), openEngine(temporaryPath())];
  other.addCoverage(BTC, { ...range(0, 5), source: 'a', collectedAt: 1 });
  other.write([batch(BTC, minutes(0, 5))]);
  const far = range(5_000, 6_000);
  expect(revision(one, far)).toBe('none');
  expect(revision(other, far)).toBe('none');
  expect(revision(other, range(4, 6_000))).not.toBe('none');
});

it('keeps a row per 1,024 periods, however many changes there are', () => {
  const path = temporaryPath();
  const engine = openEngine(path);
  engine.write([batch(BTC, minutes(0, 10 * BUCKET))]);
  for (let i = 0; i < 50; i += 1) engine.write([batch(BTC, minutes(5, 6, i + 1))]);
  expect(rowsOf(path)).toBe(10);
});

it('marks the series as a whole where a change spans too much, and has its rows anew', () => {
  const path = temporaryPath();
  const engine = openEngine(path);
  const asked = [range(0, 1), range(BUCKET * 500, BUCKET * 501), range(BUCKET * 9_000, 1e7)];
  engine.write([batch(BTC, minutes(0, 3 * BUCKET))]);
  const texts = new Set(engine.revisions(BTC, asked));
  engine.write([batch(BTC, [candle(0, 7), candle(BUCKET * 9_000 * MINUTE, 7)])]);
  expect(rowsOf(path)).toBe(0);
  expect(new Set(engine.revisions(BTC, asked)).size).toBe(1);
  engine.write([batch(BTC, [candle(0, 8)])]);
  expect(rowsOf(path)).toBe(1);
  const after = engine.revisions(BTC, asked);
  for (const text of after) expect(texts).not.toContain(text);
  expect(new Set(after).size).toBe(2);
  for (const text of after) texts.add(text);
  engine.announce(BTC, EVER);
  for (const text of engine.revisions(BTC, asked)) expect(texts).not.toContain(text);
});

it('is renewed with its candles or not at all', () => {
  const path = temporaryPath();
  const driver = connect(path);
  const engine = openEngine(path, {}, driver);
  engine.write([batch(BTC, minutes(0, 10))]);
  const before = revision(engine, range(0, 10));
  driver.exec(
    `CREATE TEMP TRIGGER refuse BEFORE INSERT ON revisions
     BEGIN SELECT raise(ABORT, 'refused'); END`,
  );
  expect(() => engine.write([batch(BTC, minutes(0, 10, 5))])).toThrow();
  expect(() => engine.remove(BTC, range(0, 10))).toThrow();
  driver.exec('DROP TRIGGER refuse');
  expect(everything(engine, BTC)).toEqual(minutes(0, 10));
  expect(revision(engine, range(0, 10))).toBe(before);
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
});

it('is renewed where damaged candles are set apart', () => {
  const path = temporaryPath();
  const engine = openEngine(path);
  engine.write([batch(BTC, minutes(0, 9_000))]);
  const asked = [range(0, 10), range(8_990, 9_000)];
  const before = engine.revisions(BTC, asked);
  connect(path).exec(`UPDATE segments SET checksum = checksum + 1 WHERE first = 0`);
  expect(engine.quarantine(undefined).runs).toHaveLength(1);
  const after = engine.revisions(BTC, asked);
  expect(after.map((text, i) => text === before[i])).toEqual([false, true]);
});

it('shares no text between copies of a database, but for what neither has changed', () => {
  const [path, copy] = [temporaryPath(), temporaryPath()];
  const asked = [range(0, 10), range(2 * BUCKET, 2 * BUCKET + 10), EVER];
  const origin = openEngine(path);
  origin.write([batch(BTC, minutes(0, 3 * BUCKET))]);
  origin.close();
  copyFileSync(path, copy);
  const engines = [openEngine(path), openEngine(copy)];
  const texts = () => engines.map((engine) => engine.revisions(BTC, asked));
  const [one, other] = texts();
  expect(one).toEqual(other);
  for (const engine of engines) engine.write([batch(BTC, minutes(5, 6, 7))]);
  const [changed = [], elsewhere = []] = texts();
  expect(changed.map((text, i) => text === elsewhere[i])).toEqual([false, true, false]);
  for (const text of [...changed, ...elsewhere].filter((_, i) => i % 3 !== 1)) {
    expect(one).not.toContain(text);
  }
});

it('notes an announcement in the change log, also of a series that is not there', () => {
  const path = temporaryPath();
  const engine = openEngine(path);
  const follower = openEngine(path);
  const before = revision(follower, range(0, 1));
  engine.announce(BTC, EVER);
  expect(follower.readChanges().changes).toEqual([
    { type: 'candles', key: BTC, interval: EVER },
    { type: 'coverage', key: BTC, interval: EVER },
  ]);
  expect(revision(follower, range(0, 1))).not.toBe(before);
  expect(follower.list({})).toEqual([]);
  expect(follower.size()).toMatchObject({ series: 0, candles: 0 });
  expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, series: 0 });
  engine.write([batch(BTC, minutes(0, 3))]);
  expect(engine.list({})).toEqual([{ ...BTC, count: 3, first: 0, last: 2 * MINUTE }]);
});

const position = fc.nat({ max: 6 }).map((i) => i * 700);
const step = fc.oneof(
  fc.record({ type: fc.constant('write' as const), at: position, length: fc.nat({ max: 40 }) }),
  fc.record({ type: fc.constant('remove' as const), at: position, length: fc.nat({ max: 2_000 }) }),
  fc.record({ type: fc.constant('announce' as const), at: position, length: fc.nat({ max: 9 }) }),
  fc.record({ type: fc.constant('far' as const), at: position, length: fc.constant(1) }),
  fc.record({ type: fc.constant('compact' as const), at: position, length: fc.constant(0) }),
  fc.record({ type: fc.constant('copy' as const), at: position, length: fc.constant(0) }),
);

it('stands for the same candles wherever it is found, whatever became of the copies', () => {
  const asked = [range(0, 50), range(600, 1_500), range(4_000, 4_400), range(0, 5_000), EVER];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 2 }), fc.constantFrom(1, 2), step), { maxLength: 14 }),
      (steps) => {
        const archive = { segmentCandles: 16, keepRows: 8, bulkCandles: 4 };
        const open = (path: string) => openEngine(path, { archive, synchronous: 'off' });
        const files = [temporaryPath()];
        const engines = files.map(open);
        const known = new Map<string, string>();
        for (const [which, price, { type, at, length }] of steps) {
          const i = which % engines.length;
          const engine = engines[i] ?? expect.unreachable();
          const candles = minutes(at, at + length, price);
          if (type === 'write' && length > 0) engine.write([batch(BTC, candles)]);
          if (type === 'remove') engine.remove(BTC, range(at, at + length));
          if (type === 'announce') engine.announce(BTC, range(at, at + length));
          if (type === 'far') {
            const far = candle(BUCKET * 9_000 * MINUTE, price);
            engine.write([batch(BTC, [...candles, far])]);
          }
          if (type === 'compact') {
            let from: number | undefined = Number.MIN_SAFE_INTEGER;
            while (from !== undefined) from = engine.compactSeries(BTC, from)?.next;
          }
          if (type === 'copy' && engines.length < 3) {
            engine.checkpoint();
            const copy = temporaryPath();
            copyFileSync(files[i] ?? '', copy);
            files.push(copy);
            engines.push(open(copy));
          }
          for (const engine of engines) {
            const all = everything(engine, BTC);
            for (const [j, text] of engine.revisions(BTC, asked).entries()) {
              const { from, to } = asked[j] ?? EVER;
              const found = all.filter(({ timestamp: t }) => from <= t && t < to);
              const candles = JSON.stringify(found);
              expect(known.get(`${j} ${text}`) ?? candles).toBe(candles);
              known.set(`${j} ${text}`, candles);
            }
          }
        }
        for (const engine of engines) {
          expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
          engine.close();
        }
      },
    ),
    { numRuns: 40 },
  );
});
