/**
 * Two services get the same calls and the same time; one of them keeps its answers, the other does
 * not. Whatever is read must be the same, and so must what their exchanges are asked for.
 */
import { MemoryCache } from '@barkeep/cache-memory';
import { type Interval, ManualClock } from '@barkeep/core';
import { type CandleAnswer, createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { CandleQuery } from '@barkeep/storage';
import { MemoryStorage } from '@barkeep/storage-memory';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { propertyBudget } from '../../../tools/test-budget.ts';
import { FakeExchange } from './fake-exchange.ts';
import { KEY, MINUTE, minutes, NOON, settle } from './fixtures.ts';

class LaggingStorage extends MemoryStorage {
  lag(): void {
    this.publish({ type: 'lagged' });
  }
}

interface Twin {
  readonly storage: LaggingStorage;
  readonly exchange: FakeExchange;
  readonly service: IMarketDataService;
}

interface Market {
  readonly coordinated: boolean;
  readonly trades: readonly boolean[];
  readonly listedAt: number;
  readonly tellsStart: boolean;
}

async function openTwin(clock: ManualClock, market: Market, maxAnswers: number): Promise<Twin> {
  const { coordinated, trades, listedAt, tellsStart } = market;
  const exchange = new FakeExchange({
    clock,
    trades: (period) => trades[period % trades.length] ?? true,
    listedAt: minutes(listedAt) / MINUTE,
    tellsStart,
  });
  const storage = new LaggingStorage({ clock });
  const service = await createMarketData({
    storage,
    realtime: new MemoryRealtime({ clock }),
    cache: new MemoryCache({ clock }),
    clock,
    candleCache: {
      pagePeriods: 8,
      maxPagesPerRead: 5,
      settledPageTtlMs: 100_000,
      unsettledPageTtlMs: 25_000,
      maxAnswers,
    },
    fetching: { maxPeriodsPerFetch: 20, maxSearchRounds: 3, retry: { maxAttempts: 1 } },
    ...(coordinated ? { coordinator: exchange } : {}),
  });
  return { storage, exchange, service };
}

const place = fc.integer({ min: -30, max: 2 });
const range: fc.Arbitrary<Interval> = fc
  .tuple(place, fc.integer({ min: 1, max: 20 }))
  .map(([from, length]) => ({ from: minutes(from), to: minutes(from + length) }));
/** Few, so that they come again. */
const QUERIES: readonly Partial<CandleQuery>[] = [
  { limit: 5 },
  { limit: 20 },
  { limit: 0 },
  {},
  { from: minutes(-20), to: minutes(-8) },
  { from: minutes(-12) + 1, to: minutes(2) },
  { from: minutes(-25), limit: 6 },
  { from: minutes(-25), limit: 6, take: 'last' },
  { to: minutes(-3), limit: 4 },
];

type Act = (twin: Twin) => Promise<unknown>;

const writing: fc.Arbitrary<Act> = fc
  .record({
    at: fc.array(place, { maxLength: 6 }),
    price: fc.integer({ min: 1, max: 9 }),
    covers: fc.option(range, { nil: undefined }),
    direct: fc.boolean(),
  })
  .map(
    ({ at, price, covers, direct }): Act =>
      ({ service, storage }) => {
        const candle = { open: price, high: price, low: price, close: price, volume: 1 };
        const candles = at.map((minute) => ({ timestamp: minutes(minute), ...candle }));
        return direct
          ? storage.candles.write({ key: KEY, candles, ...(covers ? { covers } : {}) })
          : service.saveCandles(KEY, candles, { covers });
      },
  );

const changing: fc.Arbitrary<Act> = fc.oneof(
  range.map(
    (it): Act =>
      ({ storage }) =>
        storage.candles.remove(KEY, it),
  ),
  range.map(
    (it): Act =>
      ({ storage }) =>
        storage.coverage.remove(KEY, it),
  ),
  range.map(
    (it): Act =>
      ({ storage }) =>
        storage.coverage.add(KEY, it, { source: 'x' }),
  ),
  range.map(
    (it): Act =>
      ({ service }) =>
        service.invalidate({ range: it }),
  ),
  fc.constantFrom<Act>(
    ({ service }) => service.invalidate({ symbol: KEY.symbol }),
    async ({ storage }) => storage.lag(),
    ({ service }) => service.describeSeries(KEY),
  ),
);

type Step =
  | { readonly type: 'read'; readonly queries: readonly Partial<CandleQuery>[] }
  | { readonly type: 'act'; readonly act: Act; readonly during: Partial<CandleQuery> | undefined }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'outage'; readonly requests: number };

const query = fc.constantFrom(...QUERIES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('read' as const),
      queries: fc.array(query, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('act' as const),
      act: fc.oneof(writing, changing),
      during: fc.option(query, { nil: undefined }),
    }),
  },
  fc.record({
    type: fc.constant('wait' as const),
    ms: fc.oneof(
      fc.integer({ min: 1, max: 70_000 }),
      fc.constantFrom(1_999, 2_000, 10_000, 25_000, 30_000, 3_600_000),
    ),
  }),
  fc.record({ type: fc.constant('outage' as const), requests: fc.integer({ min: 1, max: 3 }) }),
);

const market: fc.Arbitrary<Omit<Market, 'coordinated'>> = fc.record({
  trades: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  listedAt: fc.integer({ min: -60, max: -5 }),
  tellsStart: fc.boolean(),
});

let given = 0;
afterAll(() => {
  // Answers that were never given again would prove nothing.
  expect(given).toBeGreaterThan(1_000);
});

it.each([
  ['by itself', { coordinated: false, overlapping: false }],
  ['with a coordinator', { coordinated: true, overlapping: false }],
  ['read while it changes', { coordinated: false, overlapping: true }],
])('a service that keeps answers, %s, says what one without them says', async (_name, kind) => {
  const { coordinated, overlapping } = kind;
  await fc.assert(
    fc.asyncProperty(
      market,
      fc.constantFrom(3, 100),
      fc.array(step, { maxLength: 25 }),
      async (traded, maxAnswers, steps) => {
        const clock = new ManualClock(NOON + MINUTE / 2);
        const keeping = await openTwin(clock, { ...traded, coordinated }, maxAnswers);
        const plain = await openTwin(clock, { ...traded, coordinated }, 0);
        try {
          for (const one of steps) await take(one, clock, [keeping, plain], overlapping);
          given += (await keeping.service.stats()).candles.tiers[0]?.hits ?? 0;
        } finally {
          await keeping.service.close();
          await plain.service.close();
        }
      },
    ),
    propertyBudget(250),
  );
});

async function take(
  one: Step,
  clock: ManualClock,
  twins: readonly Twin[],
  overlapping: boolean,
): Promise<void> {
  if (one.type === 'wait') clock.advance(one.ms);
  else if (one.type === 'outage') for (const { exchange } of twins) fail(exchange, one.requests);
  else if (one.type === 'read')
    for (const partial of one.queries) await compare(twins, partial, overlapping);
  else {
    for (const twin of twins) {
      const during = overlapping ? one.during : undefined;
      const reading = during && twin.service.getCandles({ ...KEY, ...during });
      await one.act(twin);
      await reading;
    }
  }
}

/** The next so many requests fail. */
function fail(exchange: FakeExchange, requests: number): void {
  let left = requests;
  exchange.interfere = async () => {
    await settle();
    left -= 1;
    if (left >= 0) throw new Error('no route to host');
    return undefined;
  };
}

/**
 * Made three times in a row: of candles from the storage, from the cache, and kept. A read that
 * overlaps a change puts pages into the cache or not, as it happens: origins tell nothing then.
 */
async function compare(
  twins: readonly Twin[],
  partial: Partial<CandleQuery>,
  overlapping: boolean,
): Promise<void> {
  for (let read = 0; read < 3; read += 1) {
    const [kept, plain] = await Promise.all(
      twins.map(async ({ service }) => plainly(await service.getCandles({ ...KEY, ...partial }))),
    );
    expect(kept).toEqual(overlapping ? { ...plain, origins: expect.anything() } : plain);
    const [asked, askedPlainly] = twins.map(({ exchange }) => exchange.takeIntervals());
    expect(asked).toEqual(askedPlainly);
  }
}

function plainly({ series, failures, ...rest }: CandleAnswer): object {
  const reasons = failures.map(({ interval, error }) => [interval, error.message]);
  return { ...rest, candles: series.toArray(), reasons };
}
