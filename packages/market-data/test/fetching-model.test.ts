import { MemoryCache } from '@barkeep/cache-memory';
import {
  BarkeepError,
  type Candle,
  CandleSeries,
  type Interval,
  type IntervalSet,
  ManualClock,
  normalizeIntervals,
  subtractIntervals,
} from '@barkeep/core';
import {
  type CandleDelivery,
  type CandleRequest,
  createMarketData,
  type IMarketDataService,
} from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { CandleQuery } from '@barkeep/storage';
import { MemoryStorage } from '@barkeep/storage-memory';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { propertyBudget } from '../../../tools/test-budget.ts';
import { FakeExchange } from './fake-exchange.ts';
import { KEY, MINUTE, minutes, NOON, settle, throughTime } from './fixtures.ts';

const SETTLING_MS = MINUTE;
const SPAN = 60;

/** How the coordinator answers a call. */
type Manner =
  | {
      readonly is:
        | 'prompt'
        | 'slow'
        | 'partial'
        | 'fragments'
        | 'elsewhere'
        | 'dead'
        | 'wrongStart';
    }
  | { readonly is: 'behind'; readonly ms: number }
  | { readonly is: 'asOf'; readonly ms: number };

const manner: fc.Arbitrary<Manner> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ is: 'prompt' as const }) },
  fc.record({
    is: fc.constantFrom('slow', 'partial', 'fragments', 'elsewhere', 'dead', 'wrongStart'),
  }),
  fc.record({ is: fc.constant('behind' as const), ms: fc.integer({ min: 0, max: 55_000 }) }),
  fc.record({ is: fc.constant('asOf' as const), ms: fc.integer({ min: 0, max: 600_000 }) }),
);

const place = fc.integer({ min: -SPAN, max: 5 });
const stretch: fc.Arbitrary<Interval> = fc
  .tuple(place, fc.integer({ min: 1, max: 20 }))
  .map(([from, length]) => ({ from: minutes(from), to: minutes(from + length) }));
const query = fc.record(
  {
    from: place.map((at) => minutes(at)),
    to: place.map((at) => minutes(at)),
    limit: fc.integer({ min: 1, max: 40 }),
    take: fc.constantFrom('first', 'last'),
  },
  { requiredKeys: [] },
);

type Step =
  | { readonly type: 'reads'; readonly queries: Partial<CandleQuery>[]; readonly manners: Manner[] }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'jump'; readonly ms: number }
  | { readonly type: 'remove'; readonly range: Interval }
  | { readonly type: 'uncover'; readonly range: Interval }
  | { readonly type: 'invalidate' }
  | { readonly type: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('reads' as const),
      queries: fc.array(query, { minLength: 1, maxLength: 4 }),
      manners: fc.array(manner, { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: 1, max: 1_000_000 })),
    }),
  },
  fc.record({
    type: fc.constant('jump' as const),
    ms: fc.oneof(fc.integer({ min: -90_000, max: 90_000 }), fc.constantFrom(0, 0, 32_400_000)),
  }),
  fc.record({ type: fc.constant('remove' as const), range: stretch }),
  fc.record({ type: fc.constant('uncover' as const), range: stretch }),
  fc.record({ type: fc.constant('invalidate' as const) }),
  fc.record({ type: fc.constant('restart' as const) }),
);

/** An exchange by the true time, a machine whose clock is set about, and a service over both. */
class Stage {
  readonly clock = new ManualClock(NOON + MINUTE / 2);
  readonly exchange: FakeExchange;
  readonly #storage = new MemoryStorage({ clock: this.clock });
  #service: IMarketDataService | undefined;
  #manners: Manner[] = [];

  constructor(trades: readonly boolean[]) {
    const { clock } = this;
    this.exchange = new FakeExchange({
      clock,
      trades: (period) => trades[period % trades.length] ?? true,
    });
    this.exchange.interfere = (request) => this.#answer(request);
  }

  /** What time it really is. */
  get trueTime(): number {
    return this.clock.monotonic();
  }

  async open(): Promise<void> {
    const { clock, exchange } = this;
    if (this.#storage.state === 'idle') await this.#storage.open();
    this.#service = await createMarketData({
      storage: this.#storage,
      realtime: new MemoryRealtime({ clock }),
      cache: new MemoryCache({ clock, maxEntries: 3 }),
      clock,
      coordinator: exchange,
      candleCache: { pagePeriods: 4, maxPagesPerRead: 5 },
      fetching: {
        maxPeriodsPerFetch: 7,
        maxConcurrentFetches: 2,
        settlingMs: SETTLING_MS,
        retry: { maxAttempts: 2 },
      },
    });
  }

  async close(): Promise<void> {
    await this.#service?.close();
    if (this.#storage.state === 'open') await this.#storage.close();
  }

  async play(one: Step): Promise<void> {
    const { clock } = this;
    if (one.type === 'wait') clock.advance(one.ms);
    else if (one.type === 'jump') clock.setWallTime(this.trueTime + one.ms);
    else if (one.type === 'remove') await this.#storage.candles.remove(KEY, one.range);
    else if (one.type === 'uncover') await this.#storage.coverage.remove(KEY, one.range);
    else if (one.type === 'invalidate') await this.#service?.invalidate({ symbol: KEY.symbol });
    else if (one.type === 'restart') {
      await this.#service?.close();
      await this.open();
    } else {
      this.#manners = [...one.manners];
      const reads = one.queries.map((partial) => this.#read(partial));
      await throughTime(clock, Promise.all(reads), 500);
    }
  }

  async #read(partial: Partial<CandleQuery>): Promise<void> {
    const { from, to } = partial;
    const service = this.#service;
    if (service === undefined || (from !== undefined && to !== undefined && from > to)) return;
    const { series, range, missing, coverage } = await service.getCandles({ ...KEY, ...partial });
    expect(series.equals(CandleSeries.from(KEY, series))).toBe(true);
    // By a clock that is ahead nobody can tell what has ended: what is final must be true all the same,
    // once the clock is right.
    if (this.clock.now() > this.trueTime) return;
    this.#compare(series, normalizeIntervals(coverage));
    if (range === undefined) return;
    const ended = { from: range.from, to: Math.min(range.to, this.trueTime - 2 * SETTLING_MS) };
    this.#compare(series, subtractIntervals(normalizeIntervals([ended]), missing));
  }

  #compare(series: CandleSeries, known: IntervalSet): void {
    for (const { from, to } of known) {
      const truth = this.exchange.candles(KEY, from, to, this.trueTime);
      expect(series.between(from, to).toArray()).toEqual(truth);
    }
  }

  async #answer(request: CandleRequest): Promise<CandleDelivery> {
    const one = this.#manners.shift() ?? { is: 'prompt' };
    const at = this.trueTime;
    const { from, to } = request;
    const middle = from + Math.floor((to - from) / 2 / MINUTE) * MINUTE;
    const show = (start: number, end: number, as = at): Candle[] =>
      this.exchange.candles(request, start, end, as);
    await settle();
    switch (one.is) {
      case 'dead':
        throw new BarkeepError('UNAVAILABLE', 'no route to host', { retryable: true });
      case 'slow':
        this.clock.advance(20_000);
        await settle();
        return { candles: show(from, to) };
      case 'partial':
        return { candles: show(middle, to), covers: { from: middle, to } };
      case 'elsewhere':
        return { candles: show(minutes(-500), minutes(-490)) };
      case 'fragments': {
        const beside = [...show(from - 3 * MINUTE, from), ...show(to, to + 3 * MINUTE)];
        const halves = beside.map((candle) => ({ ...candle, volume: candle.volume / 2 }));
        return { candles: [...halves, ...show(from, to)] };
      }
      case 'wrongStart': {
        const candles = show(from, to);
        // A start before all that is known could be true: nobody can tell.
        const impossible = candles.at(-1)?.timestamp ?? at + 3_600_000;
        return { candles, historyStart: impossible + MINUTE };
      }
      case 'behind':
        return { candles: show(from, to, at - one.ms) };
      case 'asOf':
        return { candles: show(from, to, at - one.ms), asOf: at - one.ms };
      default:
        return { candles: show(from, to) };
    }
  }
}

it('whatever the coordinator and the clock do, what is said to be complete is', async () => {
  const trades = fc
    .array(fc.boolean(), { minLength: 1, maxLength: 9 })
    .filter((all) => all.includes(true));
  await fc.assert(
    fc.asyncProperty(trades, fc.array(step, { maxLength: 14 }), async (traded, steps) => {
      const stage = new Stage(traded);
      await stage.open();
      try {
        for (const one of steps) await stage.play(one);
      } finally {
        await stage.close();
      }
    }),
    propertyBudget(60),
  );
});
