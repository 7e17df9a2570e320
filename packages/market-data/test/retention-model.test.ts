/**
 * Several services over one storage, one of which removes what its rules no longer keep, against a naive
 * reference: what is kept, what is asked for, and what answers say.
 */
import { MemoryCache } from '@barkeep/cache-memory';
import { type Candle, ManualClock, type SeriesKey, timeframeGrid } from '@barkeep/core';
import {
  createMarketData,
  type IMarketDataService,
  type MarketDataConfig,
  type RetentionReport,
  type RetentionRule,
} from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { CandleQuery } from '@barkeep/storage';
import { MemoryStorage } from '@barkeep/storage-memory';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { propertyBudget } from '../../../tools/test-budget.ts';
import { decideFloor } from '../src/retention/decide-floor.ts';
import { FakeExchange } from './fake-exchange.ts';
import { MINUTE, minutes, NOON } from './fixtures.ts';

const HOUR = 60 * MINUTE;
const KEYS: readonly SeriesKey[] = [
  { symbol: 'KRW-BTC', timeframe: '1m' },
  { symbol: 'KRW-ETH', timeframe: '1m' },
  { symbol: 'KRW-BTC', timeframe: '5m' },
];
const KEEP_MS: Readonly<Record<string, number>> = {
  '7m': 7 * MINUTE,
  '1h': HOUR,
  '2h': 2 * HOUR,
  '5h': 5 * HOUR,
  all: Number.POSITIVE_INFINITY,
};
const TINY_PAGES = { pagePeriods: 4, maxPagesPerRead: 5 };

const rule: fc.Arbitrary<RetentionRule> = fc.record(
  {
    symbol: fc.constantFrom('KRW-BTC', 'KRW-ETH'),
    symbolPrefix: fc.constantFrom('KRW-', 'KRW-E', 'USD-'),
    timeframe: fc.constantFrom('1m', '5m'),
    tags: fc.constantFrom(['ether'], ['other']),
    keep: fc.constantFrom(...Object.keys(KEEP_MS)),
  },
  { requiredKeys: ['keep'] },
);
const rules = fc.array(rule, { maxLength: 3 });
const place = fc.integer({ min: -400, max: 5 });
const key = fc.constantFrom(...KEYS);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('read' as const),
      key,
      twin: fc.boolean(),
      query: fc.record(
        {
          from: place,
          length: fc.integer({ min: 0, max: 300 }),
          limit: fc.integer({ min: 1, max: 200 }),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  fc.record({ type: fc.constant('save' as const), key, at: place, covers: fc.boolean() }),
  fc.record({ type: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 90 }) }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('run' as const), ends: fc.boolean() }) },
  fc.record({ type: fc.constant('rules' as const), rules }),
  fc.record({ type: fc.constant('invalidate' as const), key }),
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** The obvious way to find how long a series is kept. */
function naiveKeep(all: readonly RetentionRule[], { symbol, timeframe }: SeriesKey): string {
  const tags = symbol === 'KRW-ETH' ? ['ether'] : [];
  for (const one of all) {
    if (one.symbol !== undefined && one.symbol !== symbol) continue;
    if (one.symbolPrefix !== undefined && symbol.indexOf(one.symbolPrefix) !== 0) continue;
    if (one.timeframe !== undefined && one.timeframe !== timeframe) continue;
    if (one.tags !== undefined && !one.tags.some((tag) => tags.includes(tag))) continue;
    return one.keep;
  }
  return 'all';
}

class Stage {
  readonly #clock = new ManualClock(NOON + MINUTE / 2);
  readonly #storage = new MemoryStorage({ clock: this.#clock });
  readonly #exchange = new FakeExchange({ clock: this.#clock });
  #rules: readonly RetentionRule[];
  #service: IMarketDataService | undefined;
  #twin: IMarketDataService | undefined;
  /** By symbol and timeframe: the floor, and what it was decided for. */
  readonly #floors = new Map<SeriesKey, { readonly floor: number; readonly keepMs: number }>();

  constructor(initial: readonly RetentionRule[]) {
    this.#rules = initial;
  }

  async open(): Promise<void> {
    await this.#storage.open();
    this.#service = await this.#openService({ retention: this.#rules });
    this.#twin = await this.#openService({});
  }

  async close(): Promise<void> {
    await this.#service?.close();
    await this.#twin?.close();
    await this.#storage.close();
  }

  async play(one: Step): Promise<void> {
    const { service, twin } = this.#services();
    switch (one.type) {
      case 'read':
        return this.#read(one.twin ? twin : service, one);
      case 'save': {
        const from = timeframeGrid(one.key.timeframe).floor(minutes(one.at));
        const covers = { from, to: from + 10 * MINUTE };
        if (one.covers) {
          const candles = this.#exchange.candles(one.key, covers.from, covers.to);
          await service.saveCandles(one.key, candles, { covers });
        } else await service.saveCandles(one.key, [this.#candle(one.key, from)]);
        return;
      }
      case 'wait':
        this.#clock.advance(one.minutes * MINUTE);
        return;
      case 'run':
        return this.#run(service, one.ends);
      case 'rules':
        await service.close();
        this.#rules = one.rules;
        this.#service = await this.#openService({ retention: this.#rules });
        return;
      case 'invalidate':
        return twin.invalidate(one.key);
    }
  }

  #openService(config: Partial<MarketDataConfig>): Promise<IMarketDataService> {
    return createMarketData({
      storage: this.#storage,
      clock: this.#clock,
      realtime: new MemoryRealtime({ clock: this.#clock }),
      cache: new MemoryCache({ clock: this.#clock, maxEntries: 5 }),
      coordinator: this.#exchange,
      candleCache: TINY_PAGES,
      fetching: { settlingMs: 0, maxPeriodsPerFetch: 50 },
      seriesTags: ({ symbol }) => (symbol === 'KRW-ETH' ? ['ether'] : []),
      ...config,
    });
  }

  #services(): { readonly service: IMarketDataService; readonly twin: IMarketDataService } {
    if (this.#service === undefined || this.#twin === undefined) throw new Error('not open');
    return { service: this.#service, twin: this.#twin };
  }

  /** As the exchange would deliver it, so that what is stored never contradicts it. */
  #candle(of: SeriesKey, timestamp: number): Candle {
    const [candle] = this.#exchange.candles(of, timestamp, timestamp + 1, timestamp + HOUR);
    if (candle === undefined) throw new Error('it trades in every period');
    return candle;
  }

  async #read(
    service: IMarketDataService,
    { key: of, query }: Extract<Step, { readonly type: 'read' }>,
  ): Promise<void> {
    const { from, length, limit } = query;
    const shape: CandleQuery = {
      ...of,
      from: from === undefined ? undefined : minutes(from),
      to: from === undefined || length === undefined ? undefined : minutes(from + length),
      limit,
    };
    const { floor } = this.#floors.get(of) ?? { floor: Number.NEGATIVE_INFINITY };
    const before = await this.#stored(of);
    this.#exchange.requests.length = 0;
    const answer = await service.getCandles(shape);
    expect(this.#exchange.requests.filter((request) => request.from < floor)).toEqual([]);
    expect(answer.retainedFrom ?? Number.NEGATIVE_INFINITY).toBe(floor);
    expect(answer.failures).toEqual([]);
    expect(answer.missing).toEqual([]);
    const below = answer.series.toArray().filter(({ timestamp }) => timestamp < floor);
    expect(before).toEqual(expect.arrayContaining(below));
    const { range } = answer;
    if (range === undefined) return;
    expect(range.from).toBeGreaterThanOrEqual(floor);
    const ended = timeframeGrid(of.timeframe).floor(this.#clock.now() - 2_000);
    const to = Math.min(range.to, ended);
    expect(answer.series.between(range.from, to).toArray()).toEqual(
      this.#exchange.candles(of, range.from, to),
    );
    if (shape.from !== undefined && shape.limit === undefined) {
      const first = timeframeGrid(of.timeframe).ceil(shape.from);
      expect(range.from).toBe(Math.max(first, floor));
    }
    const described = await service.describeSeries(of, range);
    expect(described.retainedFrom).toBe(answer.retainedFrom);
    expect(described.continuity.missing.every((one) => one.from >= Math.max(floor, 0))).toBe(true);
  }

  async #stored(of: SeriesKey): Promise<Candle[]> {
    return (await this.#storage.candles.read(of)).toArray();
  }

  async #run(service: IMarketDataService, ends: boolean): Promise<void> {
    const before = new Map<SeriesKey, Candle[]>();
    for (const of of KEYS) before.set(of, await this.#stored(of));
    const explained = await service.explainRetention();
    for (const of of KEYS) expect(await this.#stored(of)).toEqual(before.get(of));
    if (!ends) {
      // Somebody ends a run after a few steps: the next one makes up for it.
      let steps = 0;
      for await (const done of service.retentionSteps({ candlesPerStep: 7 })) {
        expect(done.candles).toBeLessThanOrEqual(7);
        steps += 1;
        if (steps === 2) break;
      }
    }
    const report = await service.applyRetention({ candlesPerStep: 7 });
    if (ends) expect(report).toEqual(explained);
    for (const of of KEYS) this.#judge(of, before.get(of) ?? [], explained);
    for (const of of KEYS) {
      const floor = this.#floors.get(of)?.floor ?? Number.NEGATIVE_INFINITY;
      const kept = before.get(of)?.filter(({ timestamp }) => timestamp >= floor);
      expect(await this.#stored(of)).toEqual(kept);
      const entries = await this.#storage.coverage.of(of);
      expect(entries.every(({ from }) => from >= floor)).toBe(true);
    }
  }

  /** Whether the new floor of a series is one that its rule allows, by what was stored before. */
  #judge(of: SeriesKey, stored: readonly Candle[], { series }: RetentionReport): void {
    const keep = naiveKeep(this.#rules, of);
    const keepMs = KEEP_MS[keep] ?? Number.NaN;
    const known = this.#floors.get(of);
    const told = series.find(
      (one) => one.key.symbol === of.symbol && one.key.timeframe === of.timeframe,
    );
    if (keep === 'all') {
      expect(told?.retainedFrom).toBeUndefined();
      this.#floors.delete(of);
      return;
    }
    const last = stored.at(-1)?.timestamp;
    if (last === undefined) {
      expect(told?.retainedFrom).toBe(known?.floor);
      return;
    }
    const grid = timeframeGrid(of.timeframe);
    const allowed = Math.min(this.#clock.now(), grid.shift(last)) - keepMs;
    const least = allowed - keepMs / 32 - grid.typicalMs;
    const floor = told?.retainedFrom ?? Number.NaN;
    expect(told?.keep).toBe(keep);
    expect(grid.isAligned(floor)).toBe(true);
    if (known !== undefined && keepMs <= known.keepMs) {
      expect(floor).toBeGreaterThanOrEqual(known.floor);
      if (floor > known.floor) expect(floor).toBeLessThanOrEqual(allowed);
    } else expect(floor).toBeLessThanOrEqual(allowed);
    if (known === undefined || floor !== known.floor) expect(floor).toBeGreaterThan(least);
    expect(told?.candles).toBe(stored.filter(({ timestamp }) => timestamp < floor).length);
    this.#floors.set(of, { floor, keepMs });
  }
}

it('any sequence of reads, writes, rules and runs shows and removes what a naive reference does', async () => {
  await fc.assert(
    fc.asyncProperty(rules, fc.array(step, { maxLength: 25 }), async (initial, steps) => {
      const stage = new Stage(initial);
      await stage.open();
      try {
        for (const one of steps) await stage.play(one);
      } finally {
        await stage.close();
      }
    }),
    propertyBudget(150),
  );
});

it('a floor never passes what clock and latest candle both allow, and goes back for longer rules only', () => {
  const instant = fc.integer({ min: -1e12, max: 4e12 });
  fc.assert(
    fc.property(
      fc.record({
        timeframe: fc.constantFrom('1s', '1m', '4h@90m', '1d', '1w@3d', '1M@-9h', '1y'),
        keepMs: fc.integer({ min: 1_000, max: 3e11 }),
        clockNow: instant,
        aheadMs: fc.integer({ min: 0, max: 1e11 }),
        latest: fc.option(instant, { nil: undefined }),
        noted: fc.option(
          fc.record({ floor: instant, keepMs: fc.integer({ min: 1_000, max: 3e11 }) }),
          { nil: undefined },
        ),
        pagePeriods: fc.integer({ min: 1, max: 2_000 }),
      }),
      ({ timeframe, aheadMs, ...terms }) => {
        const { keepMs, clockNow, latest, noted } = terms;
        const grid = timeframeGrid(timeframe);
        const believedNow = clockNow - aheadMs;
        const { floor } = decideFloor({ ...terms, grid, believedNow });
        const allowed = Math.min(believedNow, latest ?? Number.NEGATIVE_INFINITY) - keepMs;
        if (noted === undefined) expect(floor).toBeLessThanOrEqual(allowed);
        else if (keepMs > noted.keepMs) expect(floor).toBeLessThanOrEqual(noted.floor);
        else {
          expect(floor).toBeGreaterThanOrEqual(noted.floor);
          if (floor > noted.floor) expect(floor).toBeLessThanOrEqual(allowed);
        }
        const isNew = floor !== noted?.floor && floor !== Number.NEGATIVE_INFINITY;
        if (!isNew) return;
        expect(grid.isAligned(floor)).toBe(true);
        const reached = Math.min(believedNow, latest ?? believedNow) - keepMs;
        expect(reached - floor).toBeLessThanOrEqual(keepMs / 32 + 1.1 * grid.typicalMs);
      },
    ),
    propertyBudget(1_000),
  );
});
