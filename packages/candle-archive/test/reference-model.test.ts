/** An archive over a port of promises is what a plain map would be. */
import {
  type ArchiveBatch,
  type ArchivePolicy,
  addCoverage,
  archivePolicy,
  compactionStep,
  type Decision,
  decide,
  decideAsync,
  inspectCandles,
  readCandles,
  removeCandles,
  removeCoverage,
  writeBatches,
} from '@barkeep/candle-archive';
import {
  type Candle,
  CandleSeries,
  COLUMN_NAMES,
  OPTIONAL_COLUMNS,
  type SeriesKey,
  subtractIntervals,
} from '@barkeep/core';
import { addCoverageEntry, type CoverageEntry, EVER, removeCoverageRange } from '@barkeep/storage';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { propertyBudget } from '../../../tools/test-budget.ts';
import { delayed, MemoryPort } from './memory-port.ts';

const MINUTE = 60_000;
const SERIES: readonly SeriesKey[] = ['A', 'B'].map((symbol) => ({ symbol, timeframe: '1m' }));
const POLICIES: readonly (readonly [name: string, policy: ArchivePolicy | 'off'])[] = [
  ['tiny segments', archivePolicy({ segmentCandles: 16, keepRows: 8, bulkCandles: 4 })],
  ['segments of one', archivePolicy({ segmentCandles: 1, keepRows: 1, bulkCandles: 1 })],
  ['the defaults', archivePolicy()],
  ['rows only', 'off'],
];

/** One turn after the other: what a lock on a row of the table of series does in a database. */
class Lock {
  #last: Promise<unknown> = Promise.resolve();

  hold<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

class Model {
  readonly candles = new Map<number, Candle>();
  ledger: CoverageEntry[] = [];

  get sorted(): Candle[] {
    return [...this.candles.values()].sort((a, b) => a.timestamp - b.timestamp);
  }
}

const minute = fc.integer({ min: -40, max: 160 });
const range = fc
  .tuple(minute, fc.integer({ min: 1, max: 60 }))
  .map(([from, length]) => ({ from: from * MINUTE, to: (from + length) * MINUTE }));
/** At a minute, with a price and, of every few, optional values. */
const candle = fc
  .record({
    at: minute,
    price: fc.constantFrom(1, 2),
    optional: fc.option(
      fc.record(Object.fromEntries(OPTIONAL_COLUMNS.map((name) => [name, fc.constantFrom(3, 4)])), {
        requiredKeys: [],
      }),
      { freq: 4 },
    ),
  })
  .map(({ at, price, optional }): Candle => {
    const values = { open: price, high: price, low: price, close: price, volume: price };
    return { timestamp: at * MINUTE, ...values, ...(optional ?? {}) };
  });
const candles = fc.oneof(
  fc.array(candle, { minLength: 1, maxLength: 12 }),
  fc
    .tuple(candle, fc.integer({ min: 2, max: 90 }))
    .map(([first, length]) =>
      Array.from({ length }, (_, i) => ({ ...first, timestamp: first.timestamp + i * MINUTE })),
    ),
);
const source = fc.constantFrom('upbit', 'file');
const step = fc.oneof(
  fc.record({
    type: fc.constant('write' as const),
    candles,
    covers: fc.option(range),
    source,
    replaces: fc.constantFrom('all' as const, 'uncovered' as const),
  }),
  fc.record({ type: fc.constant('remove' as const), range }),
  fc.record({ type: fc.constant('cover' as const), range, source }),
  fc.record({ type: fc.constant('uncover' as const), range }),
  fc.record({ type: fc.constant('compact' as const), steps: fc.integer({ min: 1, max: 9 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What a step does to a model, and what it asks of an archive. */
function* change(
  key: SeriesKey,
  one: Step,
  model: Model,
  policy: ArchivePolicy | 'off',
): Decision<void> {
  if (one.type === 'remove') {
    const gone = [...model.candles.keys()].filter(
      (at) => one.range.from <= at && at < one.range.to,
    );
    expect(yield* removeCandles(key, one.range)).toBe(gone.length);
    for (const at of gone) model.candles.delete(at);
    model.ledger = removeCoverageRange(model.ledger, one.range);
  } else if (one.type === 'cover') {
    const entry = { ...one.range, source: one.source, collectedAt: 1 };
    yield* addCoverage(key, entry);
    model.ledger = addCoverageEntry(model.ledger, entry);
  } else if (one.type === 'uncover') {
    yield* removeCoverage(key, one.range);
    model.ledger = removeCoverageRange(model.ledger, one.range);
  } else if (one.type === 'compact') {
    let from: number | undefined = EVER.from;
    for (let i = 0; i < one.steps && from !== undefined; i += 1) {
      from = (yield* compactionStep(key, from, policy))?.next;
    }
  } else {
    yield* write(key, one, model, policy);
  }
}

function* write(
  key: SeriesKey,
  { replaces, source: from, ...one }: Step & { readonly type: 'write' },
  model: Model,
  policy: ArchivePolicy | 'off',
): Decision<void> {
  const columns = CandleSeries.from(key, one.candles);
  const covers = one.covers === null ? [] : [one.covers];
  const batch: ArchiveBatch = { key, columns, covers, source: from, collectedAt: 1, replaces };
  const isTaken = ({ timestamp }: Candle): boolean =>
    replaces === 'all' || !model.ledger.some((it) => it.from <= timestamp && timestamp < it.to);
  const taken = [...columns].filter(isTaken);
  const isSame = (it: Candle): boolean =>
    JSON.stringify(model.candles.get(it.timestamp)) === JSON.stringify(it);
  const inserted = taken.filter(({ timestamp }) => !model.candles.has(timestamp)).length;
  const unchanged = columns.length - taken.length + taken.filter(isSame).length;
  const updated = columns.length - inserted - unchanged;
  expect(yield* writeBatches([batch], policy)).toMatchObject([{ inserted, updated, unchanged }]);
  for (const it of taken) model.candles.set(it.timestamp, it);
  const added = replaces === 'all' ? covers : subtractIntervals(covers, model.ledger);
  model.ledger = added.reduce(
    (ledger, it) => addCoverageEntry(ledger, { ...it, source: from, collectedAt: 1 }),
    model.ledger,
  );
}

const query = fc.record({
  range,
  limit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 60 })),
  take: fc.constantFrom('first' as const, 'last' as const),
});

function everything(port: MemoryPort, key: SeriesKey): Candle[] {
  const all = { key, ...EVER, limit: Number.POSITIVE_INFINITY, take: 'first' } as const;
  const [found] = decide(readCandles([all], COLUMN_NAMES), port);
  return CandleSeries.fromTrustedColumns(key, found ?? expect.unreachable()).toArray();
}

it.each(POLICIES)(
  'holds what a map would, asked in turns of any length, with %s',
  async (_, policy) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(1), step), { maxLength: 14 }),
        fc.array(query, { maxLength: 4 }),
        fc.infiniteStream(fc.nat(3)),
        async (steps, queries, turns) => {
          const port = new MemoryPort();
          const slow = delayed(port, async () => {
            const { value: ticks = 0 } = turns.next();
            for (let i = 0; i < ticks; i += 1) await undefined;
          });
          const [locks, models] = [SERIES.map(() => new Lock()), SERIES.map(() => new Model())];
          // All at once: only the lock of each series keeps its decisions apart.
          await Promise.all(
            steps.map(([at, one]) => {
              const [key, model] = [SERIES[at], models[at]];
              if (key === undefined || model === undefined) return expect.unreachable();
              return locks[at]?.hold(() => decideAsync(change(key, one, model, policy), slow));
            }),
          );
          for (const [i, key] of SERIES.entries()) {
            const model = models[i] ?? expect.unreachable();
            expect(everything(port, key)).toEqual(model.sorted);
            const table = port.table(key);
            if (table === undefined) continue;
            expect(table.ledger).toEqual(model.ledger);
            const { counted, optional, ...findings } = decide(inspectCandles(table.row), port);
            expect(Object.values(findings).flat()).toEqual([]);
            expect(table.row).toMatchObject(counted);
            expect(table.row.optional).toEqual(expect.arrayContaining([...optional]));
            for (const { range: within, limit, take } of queries) {
              const asked = { key, ...within, limit, take };
              const [found] = await decideAsync(readCandles([asked], COLUMN_NAMES), slow);
              const inside = model.sorted.filter(
                ({ timestamp: at }) => within.from <= at && at < within.to,
              );
              const expected = take === 'first' ? inside.slice(0, limit) : inside.slice(-limit);
              const series = CandleSeries.fromTrustedColumns(key, found ?? expect.unreachable());
              expect(series.toArray()).toEqual(expected);
            }
          }
        },
      ),
      propertyBudget(150),
    );
  },
);

it.each(POLICIES)(
  'is read as before when it was folded, and then at rest, with %s',
  (_, policy) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const port = new MemoryPort();
        const [key = expect.unreachable()] = SERIES;
        const model = new Model();
        for (const one of steps) decide(change(key, one, model, policy), port);
        const ids = () => port.table(key)?.segments.map(({ id }) => id);
        const fold = () => {
          let from: number | undefined = EVER.from;
          for (let steps = 0; from !== undefined; steps += 1) {
            expect(steps).toBeLessThan(500);
            from = decide(compactionStep(key, from, policy), port)?.next;
          }
        };
        fold();
        expect(everything(port, key)).toEqual(model.sorted);
        const before = ids();
        fold();
        expect(ids()).toEqual(before);
        expect(everything(port, key)).toEqual(model.sorted);
      }),
      propertyBudget(100),
    );
  },
);
