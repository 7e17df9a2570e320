import { MemoryCache } from '@barkeep/cache-memory';
import {
  type Candle,
  CandleSeries,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  intervalsContain,
  ManualClock,
  normalizeIntervals,
  subtractIntervals,
  unionIntervals,
} from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import { MemoryStorage } from '@barkeep/storage-memory';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { propertyBudget } from '../../../tools/test-budget.ts';
import { FakeExchange } from './fake-exchange.ts';
import { KEY, MINUTE, minutes, NOON, settle } from './fixtures.ts';

/** Small pages, few of them, and a cache that forgets: every way through the reader is taken. */
const TINY_PAGES = { pagePeriods: 4, maxPagesPerRead: 5 };
const SPAN = 60;

/** What the service must show: a plain list of candles, and the periods known to be complete. */
class Reference {
  readonly candles = new Map<number, Candle>();
  covered: IntervalSet = [];

  read({
    from = 0,
    to = Number.MAX_SAFE_INTEGER,
    limit,
    take,
  }: CandleQuery & { take: 'first' | 'last' }): Candle[] {
    const inside = [...this.candles.values()]
      .filter(({ timestamp }) => timestamp >= from && timestamp < to)
      .sort((a, b) => a.timestamp - b.timestamp);
    if (limit === undefined || limit >= inside.length) return inside;
    return take === 'first' ? inside.slice(0, limit) : inside.slice(inside.length - limit);
  }
}

interface Stage {
  readonly clock: ManualClock;
  readonly storage: IMarketDataStorage;
  readonly exchange: FakeExchange;
  readonly service: IMarketDataService;
}

async function withStage(
  cached: boolean,
  coordinated: boolean,
  trades: readonly boolean[],
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock(NOON + MINUTE / 2);
  const exchange = new FakeExchange({
    clock,
    trades: (period) => trades[period % trades.length] ?? true,
  });
  const storage = new MemoryStorage({ clock });
  const service = await createMarketData({
    storage,
    realtime: new MemoryRealtime({ clock }),
    cache: cached ? new MemoryCache({ clock, maxEntries: 3 }) : false,
    clock,
    candleCache: TINY_PAGES,
    fetching: { maxPeriodsPerFetch: 7, maxConcurrentFetches: 2, retry: { maxAttempts: 1 } },
    ...(coordinated ? { coordinator: exchange } : {}),
  });
  try {
    await play({ clock, storage, exchange, service });
  } finally {
    await service.close();
  }
}

const place = fc.integer({ min: -SPAN, max: 3 });
const range: fc.Arbitrary<Interval> = fc
  .tuple(place, fc.integer({ min: 0, max: 30 }))
  .map(([from, length]) => ({ from: minutes(from), to: minutes(from + length) }));
const query = fc.record(
  {
    from: place.map((at) => minutes(at) + 1),
    to: place.map((at) => minutes(at)),
    limit: fc.integer({ min: 0, max: 40 }),
    take: fc.constantFrom('first', 'last'),
  },
  { requiredKeys: [] },
);
const price = fc.integer({ min: 1, max: 9 });

type Step =
  | {
      readonly type: 'save';
      readonly at: readonly number[];
      readonly price: number;
      readonly covers?: Interval;
    }
  | { readonly type: 'remove'; readonly range: Interval }
  | { readonly type: 'uncover'; readonly range: Interval }
  | { readonly type: 'read'; readonly query: Partial<CandleQuery> }
  | { readonly type: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record(
    {
      type: fc.constant('save' as const),
      at: fc.array(place, { maxLength: 12 }),
      price,
      covers: range,
    },
    { requiredKeys: ['type', 'at', 'price'] },
  ),
  fc.record({ type: fc.constant('remove' as const), range }),
  fc.record({ type: fc.constant('uncover' as const), range }),
  { weight: 4, arbitrary: fc.record({ type: fc.constant('read' as const), query }) },
  fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 90_000 }) }),
);

function candleAt(timestamp: number, close: number): Candle {
  return { timestamp, open: close, high: close, low: close, close, volume: 1 };
}

it.each([
  ['through the cache', true],
  ['without a cache', false],
])('any sequence of writes and reads %s equals a plain reference', async (_name, cached) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      await withStage(cached, false, [true], async ({ clock, storage, service }) => {
        const reference = new Reference();
        for (const one of steps) {
          if (one.type === 'wait') clock.advance(one.ms);
          else if (one.type === 'save') await save(service, reference, clock, one);
          else if (one.type === 'remove') {
            await storage.candles.remove(KEY, one.range);
            for (const { timestamp } of reference.read({ ...KEY, ...one.range, take: 'first' })) {
              reference.candles.delete(timestamp);
            }
            reference.covered = without(reference.covered, one.range);
          } else if (one.type === 'uncover') {
            await storage.coverage.remove(KEY, one.range);
            reference.covered = without(reference.covered, one.range);
          } else await compare(service, reference, clock, one.query);
        }
      });
    }),
    propertyBudget(300),
  );
});

async function save(
  service: IMarketDataService,
  reference: Reference,
  clock: ManualClock,
  { at, price: close, covers }: Extract<Step, { type: 'save' }>,
): Promise<void> {
  const candles = at.map((minute) => candleAt(minutes(minute), close));
  await service.saveCandles(KEY, candles, { covers });
  for (const candle of candles) reference.candles.set(candle.timestamp, candle);
  if (covers === undefined) return;
  const endedBy = Math.floor(clock.now() / MINUTE) * MINUTE;
  const ended = { from: covers.from, to: Math.min(covers.to, endedBy) };
  reference.covered = unionIntervals(reference.covered, normalizeIntervals([ended]));
}

async function compare(
  service: IMarketDataService,
  reference: Reference,
  clock: ManualClock,
  partial: Partial<CandleQuery>,
): Promise<void> {
  const { from, to } = partial;
  if (from !== undefined && to !== undefined && from > to) return;
  const take = partial.take ?? (from === undefined ? 'last' : 'first');
  const answer = await service.getCandles({ ...KEY, ...partial });
  expect(answer.series.toArray()).toEqual(reference.read({ ...KEY, ...partial, take }));
  const endedBy = Math.floor((clock.now() - 2_000) / MINUTE) * MINUTE;
  const spoken = answer.range === undefined ? [] : [answer.range];
  const ended = intersectIntervals(spoken, [{ from: 0, to: endedBy }]);
  expect(answer.missing).toEqual(subtractIntervals(ended, reference.covered));
  expect(normalizeIntervals(answer.coverage)).toEqual(
    intersectIntervals(spoken, reference.covered),
  );
  const last = answer.series.at(-1)?.timestamp;
  const final =
    last !== undefined && intervalsContain(reference.covered, { from: last, to: last + MINUTE });
  expect(answer.lastMayChange).toBe(last !== undefined && !final);
}

function without(set: IntervalSet, interval: Interval): Interval[] {
  return subtractIntervals(set, normalizeIntervals([interval]));
}

it('with a coordinator every answer equals the exchange, and no ended period is fetched twice', async () => {
  const trades = fc
    .array(fc.boolean(), { minLength: 1, maxLength: 9 })
    .filter((all) => all.includes(true));
  const act = fc.oneof(
    fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('reads' as const),
        queries: fc.array(query, { maxLength: 4 }),
      }),
    },
    fc.record({ type: fc.constant('outage' as const), requests: fc.integer({ min: 1, max: 3 }) }),
  );
  await fc.assert(
    fc.asyncProperty(trades, fc.array(act, { maxLength: 12 }), async (traded, acts) => {
      await withStage(true, true, traded, async ({ clock, exchange, service }) => {
        let outage = 0;
        let fetched: IntervalSet = [];
        exchange.interfere = async ({ from, to }) => {
          const endedBy = Math.floor((clock.now() - 2_000) / MINUTE) * MINUTE;
          const ended = normalizeIntervals([{ from, to: Math.min(to, endedBy) }]);
          expect(intersectIntervals(ended, fetched)).toEqual([]);
          await settle();
          if (outage-- > 0) throw new Error('no route to host');
          fetched = unionIntervals(fetched, ended);
          return undefined;
        };
        for (const one of acts) {
          if (one.type === 'wait') clock.advance(one.ms);
          else if (one.type === 'outage') outage = one.requests;
          else
            await Promise.all(
              one.queries.map((partial) => compareWithExchange(service, exchange, partial)),
            );
        }
      });
    }),
    propertyBudget(100),
  );
});

async function compareWithExchange(
  service: IMarketDataService,
  exchange: FakeExchange,
  partial: Partial<CandleQuery>,
): Promise<void> {
  const { from, to } = partial;
  if (from !== undefined && to !== undefined && from > to) return;
  const answer = await service.getCandles({ ...KEY, ...partial });
  if (answer.range === undefined) return;
  if (answer.failures.length === 0) expect(answer.missing).toEqual([]);
  for (const { from: start, to: end } of normalizeIntervals(answer.coverage)) {
    expect(answer.series.between(start, end).toArray()).toEqual(exchange.candles(KEY, start, end));
  }
  expect(answer.series.equals(CandleSeries.from(KEY, answer.series))).toBe(true);
}
