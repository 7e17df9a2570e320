import {
  type Candle,
  type Interval,
  normalizeIntervals,
  type SeriesKey,
  subtractIntervals,
} from '@barkeep/core';
import type { ArchiveOption, SqliteDriver } from '@barkeep/sqlite-engine';
import { addCoverageEntry, type CoverageEntry, removeCoverageRange } from '@barkeep/storage';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { propertyBudget } from '../../../tools/test-budget.ts';
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
} from './test-database.ts';

const SERIES: readonly SeriesKey[] = [BTC, { ...BTC, symbol: 'KRW-ETH' }];
const SPAN = 200;

/** What a database should hold, in the plainest form there is. */
class Model {
  readonly candles = SERIES.map(() => new Map<number, Candle>());
  readonly ledgers: CoverageEntry[][] = SERIES.map(() => []);

  sorted(series: number): Candle[] {
    return [...(this.candles[series] ?? [])].sort(([a], [b]) => a - b).map(([, stored]) => stored);
  }
}

function extentOf(candles: readonly Candle[]): Interval | undefined {
  const [first, last] = [candles.at(0), candles.at(-1)];
  return first && last && { from: first.timestamp, to: last.timestamp + MINUTE };
}

/** The figures that the database keeps about itself, compared with what is there. */
function expectExactCounters(driver: SqliteDriver, model: Model): void {
  const kept = driver.prepare('SELECT symbol, count, first, last, row_count FROM series').all([]);
  const rows = driver.prepare(`SELECT count(*) FROM candles WHERE symbol = ?`);
  for (const [symbol, count, first, last, rowCount] of kept) {
    const candles = model.sorted(SERIES.findIndex((key) => key.symbol === symbol));
    const ends = [candles.at(0)?.timestamp ?? null, candles.at(-1)?.timestamp ?? null];
    expect([count, first, last]).toEqual([candles.length, ...ends]);
    expect(rows.get([String(symbol)])).toEqual([rowCount]);
  }
}

function candleWith(timestamp: number, value: number): Candle {
  const plain = candle(timestamp, value);
  if (value === 3) return { ...plain, quoteVolume: timestamp / 3, tradeCount: 7 };
  return value === 4 ? { ...plain, vwap: -1.5, openInterest: 0 } : plain;
}

const series = fc.integer({ min: 0, max: SERIES.length - 1 });
const minute = fc.integer({ min: 0, max: SPAN });
const fewMinutes = fc.integer({ min: 10, max: 14 });
/** Often among few minutes, where ranges touch and meet exactly. */
const range: fc.Arbitrary<Interval> = fc
  .oneof(fc.tuple(minute, minute), fc.tuple(fewMinutes, fewMinutes))
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => ({ from: Math.min(a, b) * MINUTE, to: Math.max(a, b) * MINUTE }));
const source = fc.constantFrom('upbit', 'file');
const collectedAt = fc.integer({ min: 0, max: 5 });
/** 3 and 4 stand for candles with optional columns. */
const price: fc.Arbitrary<number> = fc.oneof(
  { arbitrary: fc.constantFrom(1, 2), weight: 5 },
  fc.constantFrom(3, 4),
);
const candles: fc.Arbitrary<[minute: number, price: number][]> = fc.oneof(
  fc.array(fc.tuple(minute, price), { maxLength: 30 }),
  fc
    .tuple(minute, fc.integer({ min: 1, max: 120 }), price)
    .map(([start, length, value]) =>
      Array.from({ length }, (_, i): [number, number] => [start + i, value]),
    ),
);

const step = fc.oneof(
  fc.record({
    type: fc.constant('write' as const),
    series,
    candles,
    source,
    collectedAt,
    covers: fc.option(range),
    replaces: fc.constantFrom('all' as const, 'uncovered' as const),
  }),
  fc.record({ type: fc.constant('remove' as const), series, range }),
  fc.record({ type: fc.constant('cover' as const), series, range, source, collectedAt }),
  fc.record({ type: fc.constant('uncover' as const), series, range }),
  fc.record({
    type: fc.constant('compact' as const),
    series,
    steps: fc.integer({ min: 1, max: 9 }),
  }),
);

const query = fc.record({
  series,
  range,
  limit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: SPAN })),
  take: fc.constantFrom('first' as const, 'last' as const),
});

const TINY: ArchiveOption = { segmentCandles: 16, keepRows: 8, bulkCandles: 4 };
const SINGLE: ArchiveOption = { segmentCandles: 1, keepRows: 1, bulkCandles: 1 };
/** Each change is made with the next policy in turn. */
const ARCHIVES: [name: string, archives: readonly ArchiveOption[]][] = [
  ['segments of the default size', [{}]],
  ['tiny segments', [TINY]],
  ['rows only', ['off']],
  ['any of these in turn', [TINY, 'off', SINGLE, {}]],
];

it.each(ARCHIVES)('holds what a plain map would, after any changes, with %s', (_, archives) => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 15 }),
      fc.array(query, { maxLength: 5 }),
      (steps, queries) => {
        const driver = connect(':memory:');
        const engines = archives.map((archive) =>
          openEngine(':memory:', { journal: 'memory', archive }, driver),
        );
        let [engine = expect.unreachable()] = engines;
        const model = new Model();
        for (const [turn, one] of steps.entries()) {
          engine = engines[turn % engines.length] ?? engine;
          const key = SERIES[one.series] ?? BTC;
          const stored = model.candles[one.series] ?? new Map<number, Candle>();
          const ledger = model.ledgers[one.series] ?? [];
          if (one.type === 'write') {
            const wanted = new Map(
              one.candles.map(([at, value]) => [at * MINUTE, candleWith(at * MINUTE, value)]),
            );
            if (wanted.size === 0 && one.covers === null) continue;
            const { source, collectedAt, replaces } = one;
            const covers = one.covers === null ? [] : [one.covers];
            const rest = { covers, source, collectedAt, replaces };
            const isCovered = (at: number): boolean =>
              replaces === 'uncovered' && ledger.some(({ from, to }) => from <= at && at < to);
            const taken = [...wanted.values()].filter(({ timestamp }) => !isCovered(timestamp));
            const inserted = taken.filter(({ timestamp }) => !stored.has(timestamp)).length;
            const kept = taken.filter((it) => stored.get(it.timestamp)?.open === it.open).length;
            const unchanged = wanted.size - taken.length + kept;
            expect(engine.write([batch(key, [...wanted.values()], rest)])).toMatchObject([
              { inserted, unchanged, updated: wanted.size - inserted - unchanged },
            ]);
            for (const it of taken) stored.set(it.timestamp, it);
            const added =
              replaces === 'all' ? covers : subtractIntervals(normalizeIntervals(covers), ledger);
            model.ledgers[one.series] = added.reduce(
              (entries, it) =>
                addCoverageEntry(entries, {
                  ...it,
                  source: one.source,
                  collectedAt: one.collectedAt,
                }),
              ledger,
            );
          } else if (one.type === 'remove') {
            const gone = [...stored.keys()].filter(
              (at) => one.range.from <= at && at < one.range.to,
            );
            expect(engine.remove(key, one.range)).toEqual({ removed: gone.length });
            for (const at of gone) stored.delete(at);
            model.ledgers[one.series] = removeCoverageRange(ledger, one.range);
          } else if (one.type === 'cover') {
            const entry = { ...one.range, source: one.source, collectedAt: one.collectedAt };
            engine.addCoverage(key, entry);
            model.ledgers[one.series] = addCoverageEntry(ledger, entry);
          } else if (one.type === 'compact') {
            let from: number | undefined = Number.MIN_SAFE_INTEGER;
            for (let i = 0; i < one.steps && from !== undefined; i += 1) {
              from = engine.compactSeries(key, from)?.next;
            }
          } else {
            engine.removeCoverage(key, one.range);
            model.ledgers[one.series] = removeCoverageRange(ledger, one.range);
          }
        }
        for (const [i, key] of SERIES.entries()) {
          expect(everything(engine, key)).toEqual(model.sorted(i));
          const all = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
          expect(engine.coverageOf(key, all)).toEqual(model.ledgers[i]);
        }
        for (const {
          series: i,
          range: { from, to },
          limit,
          take,
        } of queries) {
          const key = SERIES[i] ?? BTC;
          const inside = model
            .sorted(i)
            .filter(({ timestamp }) => from <= timestamp && timestamp < to);
          const answer = { from, to, limit, take };
          const expected = take === 'first' ? inside.slice(0, limit) : inside.slice(-limit);
          const query = { key, ...answer };
          const [snapshot = expect.unreachable()] = engine.snapshots([
            { key, ranges: [{ ...answer, candles: 'always' }] },
          ]);
          const [part = expect.unreachable()] = snapshot.ranges;
          expect(candlesOf(part.columns ?? expect.unreachable(), key)).toEqual(expected);
          expect([part.revision]).toEqual(engine.revisions(key, [answer]));
          expect(snapshot.coverage).toEqual(model.ledgers[i]);
          expect(snapshot.extent).toEqual(extentOf(model.sorted(i)));
          expect(candlesOf(engine.read(query), key)).toEqual(expected);
          const { high, volume, vwap } = engine.readColumns(query, ['volume', 'vwap', 'high']);
          expect([...vwap]).toEqual(expected.map((it) => it.vwap ?? Number.NaN));
          expect([...engine.readColumns(query, ['tradeCount']).tradeCount]).toEqual(
            expected.map((it) => it.tradeCount ?? Number.NaN),
          );
          expect([...high]).toEqual(expected.map((it) => it.high));
          expect([...volume]).toEqual(expected.map((it) => it.volume));
        }
        expectExactCounters(driver, model);
        expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
      },
    ),
    propertyBudget(200),
  );
});

it.each(ARCHIVES)(
  'keeps candles of many blocks apart from their neighbours, with %s',
  (_, archives) => {
    const driver = connect(temporaryPath());
    const engines = archives.map((archive) => openEngine('', { archive }, driver));
    let [engine = expect.unreachable()] = engines;
    const model = new Map<number, Candle>();
    const write = (minutes: readonly number[], value: number) => {
      const fresh = minutes.map((at) => candle(at * MINUTE, value));
      engine.write([batch(BTC, fresh)]);
      engine = engines[(engines.indexOf(engine) + 1) % engines.length] ?? engine;
      for (const it of fresh) model.set(it.timestamp, it);
    };
    const every = (n: number, from: number, to: number) =>
      Array.from({ length: Math.ceil((to - from) / n) }, (_, i) => from + i * n);
    write(every(2, 1_000, 9_000), 1);
    write(every(3, 0, 10_000), 2);
    write(every(997, 0, 10_000), 3);
    write(every(1, 4_000, 4_600), 1);
    expect(everything(engine, BTC)).toEqual(
      [...model.values()].sort((a, b) => a.timestamp - b.timestamp),
    );
    expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, candles: model.size });
  },
);
