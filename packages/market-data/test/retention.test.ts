import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BarkeepError, type Candle, ManualClock, type SeriesKey } from '@barkeep/core';
import {
  createMarketData,
  type IMarketDataService,
  type MarketDataConfig,
  type RetentionRule,
  type RetentionStep,
} from '@barkeep/market-data';
import { MemoryStorage } from '@barkeep/storage-memory';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeExchange } from './fake-exchange.ts';
import { type Desk, KEY, MINUTE, minutes, NOON, openDesk } from './fixtures.ts';
import { openLiveDesk } from './live-desk.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ETH: SeriesKey = { symbol: 'KRW-ETH', timeframe: '1m' };
/** Two hours of minutes: the floor moves in strides of two minutes. */
const TWO_HOURS: readonly RetentionRule[] = [{ timeframe: '1m', keep: '2h' }];
const FLOOR = minutes(-120);

function flat(minute: number): Candle {
  return { timestamp: minutes(minute), open: 1, high: 1, low: 1, close: 1, volume: 1 };
}

/** Five hours of minutes fetched and stored, nothing asked for since. */
async function openFilled(config: Parameters<typeof openDesk>[0] = {}): Promise<Desk> {
  const desk = await openDesk({ retention: TWO_HOURS, ...config });
  await desk.service.getCandles({ ...KEY, from: minutes(-300) });
  desk.exchange.takeIntervals();
  return desk;
}

async function openTwin(
  { storage, clock, exchange }: Desk,
  config: Partial<MarketDataConfig> = {},
): Promise<IMarketDataService> {
  const fetching = { settlingMs: 0 };
  const twin = await createMarketData({
    storage,
    clock,
    coordinator: exchange,
    fetching,
    ...config,
  });
  onTestFinished(() => twin.close());
  return twin;
}

describe('rules', () => {
  it.each([
    [{ keep: '90' }, 'retention[1].keep'],
    [{ keep: '0d' }, 'retention[1].keep'],
    [{ keep: '1y' }, 'retention[1].keep'],
    [{ keep: '9999999999w' }, 'retention[1].keep'],
    [{}, 'retention[1].keep'],
    [{ keep: 'all', symbol: '' }, 'retention[1].symbol'],
    [{ keep: 'all', symbolPrefix: '' }, 'retention[1].symbolPrefix'],
    [{ keep: 'all', timeframe: '1x' }, 'retention[1].timeframe'],
    [{ keep: 'all', tags: 'a' }, 'retention[1].tags'],
    [{ keep: 'all', keepMs: 5 }, 'retention[1]'],
    [null, 'retention[1]'],
  ])('%j is refused, naming the field', async (rule, field) => {
    const retention = [{ keep: 'all' }, rule] as unknown as readonly RetentionRule[];
    const opening = createMarketData({ storage: 'memory:', retention });
    await expect(opening).rejects.toMatchObject({ code: 'INVALID_INPUT', details: { field } });
  });

  it('that are no array are refused', async () => {
    const retention = { keep: 'all' } as unknown as readonly RetentionRule[];
    await expect(createMarketData({ storage: 'memory:', retention })).rejects.toMatchObject({
      details: { field: 'retention' },
    });
  });

  it('count in their order, by symbol, prefix, timeframe and tag', async () => {
    const { service, storage } = await openDesk({
      seriesTags: ({ symbol }) => (symbol === 'KRW-DOGE' ? ['pets'] : []),
      retention: [
        { symbol: 'KRW-BTC', timeframe: '1h', keep: 'all' },
        { symbol: 'KRW-BTC', keep: '10m' },
        { tags: ['pets'], keep: '20m' },
        { symbolPrefix: 'KRW-', timeframe: '1m', keep: '30m' },
      ],
    });
    const candles = Array.from({ length: 100 }, (_, i) => flat(i - 100));
    const symbols = ['KRW-BTC', 'KRW-DOGE', 'KRW-ETH', 'USD-BTC'];
    for (const symbol of symbols)
      await storage.candles.write({ key: { symbol, timeframe: '1m' }, candles });
    const hours = Array.from({ length: 9 }, (_, i) => flat(-60 * (i + 1)));
    await storage.candles.write({ key: { symbol: 'KRW-BTC', timeframe: '1h' }, candles: hours });

    const { series, candles: removed } = await service.applyRetention();
    expect(series.map(({ key, keep, candles: count }) => [key.symbol, keep, count])).toEqual([
      ['KRW-BTC', '10m', 90],
      ['KRW-DOGE', '20m', 80],
      ['KRW-ETH', '30m', 70],
    ]);
    expect(removed).toBe(240);
    const left = await storage.candles.list();
    expect(left.map(({ symbol, timeframe, count }) => [symbol, timeframe, count])).toEqual([
      ['KRW-BTC', '1h', 9],
      ['KRW-BTC', '1m', 10],
      ['KRW-DOGE', '1m', 20],
      ['KRW-ETH', '1m', 30],
      ['USD-BTC', '1m', 100],
    ]);
  });

  it('without any, nothing is removed and no floor is touched', async () => {
    const desk = await openFilled();
    await desk.service.applyRetention();
    const twin = await openTwin(desk);
    expect(await twin.applyRetention()).toEqual({ candles: 0, series: [] });
    expect((await twin.getCandles(KEY)).retainedFrom).toBe(FLOOR);
  });
});

describe('below the floor', () => {
  it.each([
    ['a range', { from: minutes(-300), to: minutes(0) }],
    ['a range without an end', { from: minutes(-300) }],
    ['the first ones of a range', { from: minutes(-300), limit: 150 }],
    ['the latest ones', { limit: 500 }],
    ['the latest ones before an instant', { to: minutes(-60), limit: 500 }],
    ['everything', {}],
  ])('nothing is fetched or missing: %s', async (_name, query) => {
    const { service, exchange } = await openFilled();
    await service.applyRetention();
    const read = { ...KEY, ...query };
    const [preloaded] = [await service.preload([read])];
    expect(preloaded.incomplete).toBe(0);
    for (const answer of [
      await service.getCandles(read),
      ...(await service.getCandlesBatch([read])),
    ]) {
      expect(answer).toMatchObject({ missing: [], failures: [], retainedFrom: FLOOR });
      expect(answer.range?.from).toBe(FLOOR);
      expect(answer.series.firstTimestamp).toBe(FLOOR);
    }
    expect(exchange.takeIntervals().filter(([from]) => from < FLOOR)).toEqual([]);
  });

  it('a range that lies there has no answer, and costs no request', async () => {
    const { service, exchange } = await openFilled();
    await service.applyRetention();
    const answer = await service.getCandles({ ...KEY, from: minutes(-300), to: minutes(-200) });
    expect(answer).toMatchObject({ range: undefined, missing: [], coverage: [], failures: [] });
    expect(answer.lastMayChange).toBe(false);
    expect(exchange.takeIntervals()).toEqual([]);
  });

  it('a description counts nothing, and says where it begins', async () => {
    const { service } = await openFilled();
    await service.applyRetention();
    const whole = await service.describeSeries(KEY, { from: minutes(-300), to: minutes(-10) });
    expect(whole).toMatchObject({ retainedFrom: FLOOR, continuity: { periods: 110, missing: [] } });
    const below = await service.describeSeries(KEY, { from: minutes(-300), to: minutes(-200) });
    expect(below.continuity).toMatchObject({ periods: 0, missing: [] });
    await service.saveCandles(KEY, [flat(-250)]);
    expect((await service.describeSeries(KEY)).continuity).toMatchObject({
      range: { from: FLOOR },
      missing: [{ from: minutes(0), to: minutes(1) }],
    });
  });

  it('what somebody saves is shown, and goes with the next run', async () => {
    const { service, storage } = await openFilled();
    await service.applyRetention();
    const covers = { from: minutes(-251), to: minutes(-249) };
    await service.saveCandles(KEY, [flat(-250)], { covers });
    const { series, range, missing } = await service.getCandles({ ...KEY, from: minutes(-300) });
    expect(series.firstTimestamp).toBe(minutes(-250));
    expect(range?.from).toBe(FLOOR);
    expect(missing).toEqual([]);
    const alone = { ...KEY, from: minutes(-260), to: minutes(-240) };
    expect(await service.getCandles(alone)).toMatchObject({
      range: undefined,
      lastMayChange: false,
    });
    expect(await service.applyRetention()).toMatchObject({ candles: 1 });
    expect((await service.getCandles(alone)).series.length).toBe(0);
    expect(await storage.coverage.of(KEY, covers)).toEqual([]);
  });

  it('what a delivery brings besides is not stored', async () => {
    const { service, exchange, storage, clock } = await openFilled();
    await service.applyRetention();
    clock.advance(10 * MINUTE);
    exchange.interfere = (request) => {
      const candles = exchange.candles(KEY, minutes(-300), request.to);
      return { candles, covers: { from: minutes(-300), to: request.to } };
    };
    await service.getCandles({ ...KEY, limit: 20 });
    const [{ first } = { first: undefined }] = await storage.candles.list();
    expect(first).toBe(FLOOR);
  });

  it('a delivery that was asked for before stores nothing', async () => {
    const desk = await openDesk({ retention: TWO_HOURS });
    const { service, exchange, storage } = desk;
    await service.getCandles({ ...KEY, limit: 10 });
    exchange.takeIntervals();
    const gate = Promise.withResolvers<undefined>();
    const asked = Promise.withResolvers<void>();
    exchange.interfere = () => {
      asked.resolve();
      return gate.promise;
    };
    const reading = service.getCandles({ ...KEY, from: minutes(-300) });
    await asked.promise;
    await service.applyRetention();
    gate.resolve(undefined);
    expect(await reading).toMatchObject({ missing: [], range: { from: FLOOR } });
    const [{ first } = { first: undefined }] = await storage.candles.list();
    expect(first).toBe(FLOOR);
    expect(await storage.coverage.of(KEY, { from: 0, to: FLOOR })).toEqual([]);
  });

  it('requests that have to wait are not made any more', async () => {
    const fetching = { maxPeriodsPerFetch: 50, maxConcurrentFetches: 1 };
    const { service, exchange } = await openDesk({ retention: TWO_HOURS, fetching });
    await service.getCandles({ ...KEY, limit: 10 });
    exchange.takeIntervals();
    let isFirst = true;
    exchange.interfere = async () => {
      if (isFirst) await service.applyRetention();
      isFirst = false;
      return undefined;
    };
    const answer = await service.getCandles({ ...KEY, from: minutes(-300) });
    expect(answer).toMatchObject({ missing: [], failures: [] });
    const asked = exchange.takeIntervals().map(([from]) => from);
    expect(asked.filter((from) => from < NOON)).toEqual([minutes(-59), minutes(-109), FLOOR]);
  });

  it('an outage is made up for from there on only', async () => {
    const { service, router, market, storage, pass, clock, deal } = await openLiveDesk({
      fetches: true,
      retention: [{ keep: '32m' }],
      recording: { intervalMs: 1_000 },
    });
    router.connect({ streams: [{ key: KEY, since: NOON }] });
    deal(5);
    await pass(3 * MINUTE);
    router.drop();
    await pass(2 * HOUR, true);
    await service.saveCandles(KEY, [
      { ...flat(0), timestamp: Math.floor(clock.now() / MINUTE) * MINUTE },
    ]);
    const { series } = await service.applyRetention();
    const floor = series[0]?.retainedFrom ?? 0;
    expect(floor).toBeGreaterThan(minutes(80));
    market.requests.splice(0);
    const since = Math.ceil(clock.now() / MINUTE) * MINUTE;
    router.connect({ streams: [{ key: KEY, since }] });
    await pass(5 * MINUTE);
    const asked = market.requests.splice(0);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every(({ from }) => from >= floor)).toBe(true);
    expect((await storage.candles.list())[0]?.first).toBeGreaterThanOrEqual(floor);
    // The outage, and its last minutes when they had settled: nothing of it is left to be asked for.
    expect((await service.stats()).router?.candles?.madeUp).toBe(2);
    await pass(3 * MINUTE);
    expect(market.requests).toEqual([]);
  });
});

describe('the floor', () => {
  it('is not forgotten by invalidate, nor by a restart', async () => {
    const desk = await openFilled();
    await desk.service.applyRetention();
    await desk.service.invalidate();
    await desk.service.invalidate(KEY);
    expect((await desk.service.getCandles(KEY)).retainedFrom).toBe(FLOOR);
    const twin = await openTwin(desk);
    expect(await twin.getCandles({ ...KEY, from: minutes(-300) })).toMatchObject({
      retainedFrom: FLOOR,
      missing: [],
    });
    const current = [minutes(0), minutes(1)];
    expect(desk.exchange.takeIntervals()).toEqual([current, current]);
  });

  it('is heard of by every service on the storage, whose answers begin there', async () => {
    const desk = await openFilled();
    const twin = await openTwin(desk);
    const query = { ...KEY, from: minutes(-300), to: minutes(0) };
    expect((await twin.getCandles(query)).series.length).toBe(300);
    await desk.service.applyRetention();
    const answer = await twin.getCandles(query);
    expect(answer).toMatchObject({ missing: [], retainedFrom: FLOOR });
    expect(answer.series.length).toBe(120);
    expect(desk.exchange.takeIntervals()).toEqual([]);
  });

  it('moves on in strides, and what is kept is never less than asked for', async () => {
    const { service, clock, exchange } = await openFilled();
    const floors: number[] = [];
    for (let minute = 0; minute < 6; minute += 1) {
      await service.getCandles({ ...KEY, limit: 3 });
      const { series } = await service.applyRetention();
      floors.push(((series[0]?.retainedFrom ?? 0) - NOON) / MINUTE);
      clock.advance(MINUTE);
    }
    expect(floors).toEqual([-120, -120, -118, -118, -116, -116]);
    expect(exchange.takeIntervals().every(([from]) => from >= FLOOR)).toBe(true);
  });

  it('goes back when more is to be kept, and what lies above is missing again', async () => {
    const desk = await openFilled();
    await desk.service.applyRetention();
    const other = await openTwin(desk, { retention: [{ timeframe: '1m', keep: '3h' }] });
    await desk.service.getCandles({ ...KEY, limit: 500 });
    const { series } = await other.applyRetention();
    const floor = minutes(-180);
    expect(series).toMatchObject([{ retainedBefore: FLOOR, candles: 0 }]);
    expect(series[0]?.retainedFrom).toBe(floor);
    desk.exchange.takeIntervals();
    const without = await desk.service.getCandles(
      { ...KEY, from: minutes(-300) },
      { fetchMissing: false },
    );
    expect(without.missing).toEqual([{ from: floor, to: FLOOR }]);
    const { missing, series: candles } = await desk.service.getCandles({ ...KEY, limit: 500 });
    expect(missing).toEqual([]);
    expect(candles.firstTimestamp).toBe(floor);
    expect(desk.exchange.takeIntervals().map(([from, to]) => [from, to])).toContainEqual([
      floor,
      FLOOR,
    ]);
  });

  it('is gone when no rule limits the series any more', async () => {
    const desk = await openFilled();
    await desk.service.applyRetention();
    await desk.service.getCandles({ ...KEY, from: minutes(-300) });
    const other = await openTwin(desk, { retention: [] });
    expect(await other.applyRetention()).toMatchObject({
      series: [{ keep: 'all', retainedBefore: FLOOR, retainedFrom: undefined }],
    });
    const answer = await desk.service.getCandles({ ...KEY, from: minutes(-300) });
    expect(answer).toMatchObject({ missing: [], retainedFrom: undefined });
    expect(answer.series.firstTimestamp).toBe(minutes(-300));
    expect(await desk.storage.metadata.keys('retention/')).toEqual([]);
    expect(await other.applyRetention()).toEqual({ candles: 0, series: [] });
  });

  it('counts for a series that has no candles left, and with the longest of names', async () => {
    const key: SeriesKey = { symbol: 'x'.repeat(512), timeframe: '1m' };
    const { service, storage } = await openDesk({ retention: TWO_HOURS });
    await service.saveCandles(key, [flat(-300), flat(-1)]);
    await service.applyRetention();
    await storage.candles.remove(key);
    const { series } = await service.applyRetention();
    expect(series).toMatchObject([{ key, retainedFrom: minutes(-120), error: undefined }]);
    expect((await service.getCandles({ ...key, from: minutes(-200) })).range?.from).toBe(
      minutes(-120),
    );
  });
});

describe('a clock that is ahead', () => {
  it('removes nothing beyond what the latest candle allows', async () => {
    const { service, storage, clock } = await openDesk({ retention: TWO_HOURS });
    clock.advance(20 * DAY);
    await storage.candles.write({ key: KEY, candles: [flat(-300), flat(-119), flat(-1)] });
    const explained = await service.explainRetention();
    const { series } = await service.applyRetention();
    expect(series).toEqual(explained.series);
    expect(series).toMatchObject([
      { candles: 1, retainedFrom: FLOOR, heldBackBy: 'latest-candle' },
    ]);
  });

  it('that has jumped is not believed for a day, whatever it has let in', async () => {
    const { service, storage, clock } = await openFilled();
    clock.setWallTime(NOON + 365 * DAY);
    await storage.candles.write({
      key: KEY,
      candles: [{ ...flat(0), timestamp: NOON + 365 * DAY }],
    });
    expect(await service.applyRetention()).toMatchObject({
      candles: 180,
      series: [{ retainedFrom: FLOOR, heldBackBy: 'clock' }],
    });
    clock.advance(DAY + MINUTE);
    expect(await service.applyRetention()).toMatchObject({
      series: [{ heldBackBy: 'latest-candle' }],
    });
    expect((await storage.candles.list())[0]?.count).toBe(1);
  });

  it('that is set right again does not bring the floor back', async () => {
    const { service, clock } = await openFilled();
    await service.applyRetention();
    clock.setWallTime(NOON - 10 * DAY);
    expect(await service.applyRetention()).toMatchObject({ series: [{ retainedFrom: FLOOR }] });
  });
});

describe('a run', () => {
  it('removes a bounded number of candles a step, and can be ended between them', async () => {
    const { service, storage } = await openFilled();
    const explained = await service.explainRetention();
    expect(explained.candles).toBe(180);
    const steps: RetentionStep[] = [];
    for await (const step of service.retentionSteps({ candlesPerStep: 50 })) {
      steps.push(step);
      if (steps.length === 3) break;
    }
    expect(steps.map(({ candles }) => candles)).toEqual([0, 50, 50]);
    expect(await service.getCandles({ ...KEY, from: minutes(-300) })).toMatchObject({
      missing: [],
      retainedFrom: FLOOR,
    });
    const rest: number[] = [];
    for await (const { candles } of service.retentionSteps({ candlesPerStep: 50 }))
      rest.push(candles);
    expect(rest).toEqual([50, 30]);
    expect((await storage.candles.list())[0]).toMatchObject({ first: FLOOR });
    expect(await service.applyRetention()).toMatchObject({ candles: 0 });
  });

  it('ends when its signal fires', async () => {
    const { service } = await openFilled();
    const abort = new AbortController();
    const steps = service.retentionSteps({ candlesPerStep: 50, signal: abort.signal });
    await steps.next();
    abort.abort();
    await expect(steps.next()).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await service.applyRetention()).toMatchObject({ series: [{ retainedFrom: FLOOR }] });
  });

  it('refuses options that break a rule, and a service that is closed', async () => {
    const { service, clock } = await openFilled();
    await expect(service.applyRetention({ candlesPerStep: 0 })).rejects.toMatchObject({
      details: { field: 'candlesPerStep' },
    });
    const steps = service.retentionSteps();
    await service.close();
    await expect(steps.next()).rejects.toMatchObject({ code: 'NOT_OPEN' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on with the other series when one fails', async () => {
    const clock = new ManualClock(NOON + MINUTE / 2);
    const storage = new MortalStorage({ clock });
    storage.refuses = KEY.symbol;
    const service = await createMarketData({ storage, clock, retention: TWO_HOURS });
    onTestFinished(() => service.close());
    for (const key of [KEY, ETH]) await service.saveCandles(key, [flat(-300), flat(-1)]);
    const { series } = await service.applyRetention();
    expect(series).toMatchObject([
      { key: KEY, candles: 0, error: { code: 'BUSY' } },
      { key: ETH, candles: 1, error: undefined },
    ]);
    storage.refuses = undefined;
    expect(await service.applyRetention()).toMatchObject({ candles: 1 });
  });
});

/** It changes nothing any more after so many changes of retention, as when its process is killed. */
class MortalStorage extends MemoryStorage {
  changesLeft = Number.POSITIVE_INFINITY;
  refuses: string | undefined;

  protected override async _remove(
    ...call: Parameters<MemoryStorage['_remove']>
  ): ReturnType<MemoryStorage['_remove']> {
    if (call[0].symbol === this.refuses) throw new BarkeepError('BUSY', 'not now');
    this.#change();
    return super._remove(...call);
  }

  protected override async _announce(
    ...call: Parameters<MemoryStorage['_announce']>
  ): ReturnType<MemoryStorage['_announce']> {
    this.#change();
    return super._announce(...call);
  }

  protected override async _setMetadata(
    ...call: Parameters<MemoryStorage['_setMetadata']>
  ): ReturnType<MemoryStorage['_setMetadata']> {
    if (call[0].startsWith('retention/')) this.#change();
    return super._setMetadata(...call);
  }

  protected override async _deleteMetadata(
    ...call: Parameters<MemoryStorage['_deleteMetadata']>
  ): ReturnType<MemoryStorage['_deleteMetadata']> {
    this.#change();
    return super._deleteMetadata(...call);
  }

  #change(): void {
    if (this.changesLeft <= 0) throw new BarkeepError('IO', 'killed');
    this.changesLeft -= 1;
  }
}

describe.each([
  ['the first floor', undefined, TWO_HOURS, minutes(-120)],
  ['a higher floor', [{ keep: '4h' }], TWO_HOURS, minutes(-120)],
  ['a lower floor', TWO_HOURS, [{ keep: '4h' }], minutes(-240)],
  ['a floor that is given up', TWO_HOURS, [], undefined],
] as const)('killed on the way to %s', (_name, before, after, floor) => {
  it('a run leaves only right answers, and the next one comes to the same end', async () => {
    let wasKilled = true;
    for (let changes = 0; wasKilled; changes += 1) {
      const clock = new ManualClock(NOON + MINUTE / 2);
      const storage = new MortalStorage({ clock });
      await storage.open();
      const exchange = new FakeExchange({ clock });
      const parts = { storage, clock, coordinator: exchange, fetching: { settlingMs: 0 } };
      const query = { ...KEY, from: minutes(-300), to: minutes(0) };
      const reader = await createMarketData(parts);
      await reader.getCandles(query);
      if (before !== undefined) {
        const earlier = await createMarketData({ ...parts, retention: before });
        await earlier.applyRetention();
        await earlier.close();
      }
      await reader.getCandles(query);

      storage.changesLeft = changes;
      const mortal = await createMarketData({ ...parts, retention: after });
      const { series } = await mortal.applyRetention({ candlesPerStep: 40 });
      wasKilled = series.some(({ error }) => error !== undefined);
      storage.changesLeft = Number.POSITIVE_INFINITY;
      await mortal.close();

      // It was told before, or would have been by its restart.
      const late = await createMarketData(parts);
      for (const service of [reader, late]) {
        exchange.takeIntervals();
        const report = await service.getCandles(query, { fetchMissing: false });
        const { retainedFrom = 0 } = report;
        expect(report.missing.every(({ from }) => from >= retainedFrom)).toBe(true);
        const answer = await service.getCandles(query);
        expect(answer.missing).toEqual([]);
        const { range } = answer;
        expect(answer.series.between(range?.from ?? 0, range?.to ?? 0).toArray()).toEqual(
          exchange.candles(KEY, Math.max(query.from, retainedFrom), query.to),
        );
        // What no floor has ever been written for is there still.
        const asked = exchange.takeIntervals();
        expect(asked.every(([from]) => from >= retainedFrom)).toBe(true);
        if (before === undefined) expect(asked).toEqual([]);
      }
      const next = await createMarketData({ ...parts, retention: after });
      await next.applyRetention();
      for (const service of [reader, late, next]) {
        expect((await service.getCandles(query)).retainedFrom).toBe(floor);
        expect((await service.getCandles(query)).series.firstTimestamp).toBe(
          Math.max(minutes(-300), floor ?? 0),
        );
        await service.close();
      }
      await storage.close();
    }
  });
});

it('a floor that nobody was told of is told by the next run', async () => {
  const clock = new ManualClock(NOON + MINUTE / 2);
  const storage = new MortalStorage({ clock });
  await storage.open();
  const reader = await createMarketData({ storage, clock });
  await reader.saveCandles(KEY, [flat(-300), flat(-1)]);
  for (const [keep, changes, floor] of [
    ['2h', Number.POSITIVE_INFINITY, FLOOR],
    ['4h', 1, FLOOR],
    ['4h', Number.POSITIVE_INFINITY, minutes(-240)],
    ['all', 1, minutes(-240)],
    ['all', Number.POSITIVE_INFINITY, undefined],
  ] as const) {
    storage.changesLeft = changes;
    const service = await createMarketData({ storage, clock, retention: [{ keep }] });
    const { series } = await service.applyRetention();
    expect(series).toMatchObject([{ error: changes === 1 ? { code: 'IO' } : undefined }]);
    await service.close();
    expect((await reader.getCandles(KEY)).retainedFrom).toBe(floor);
  }
  await reader.close();
  await storage.close();
});

describe('on SQLite', () => {
  async function openDirectory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'barkeep-retention-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    return directory;
  }

  it('a service that has not heard of the floor yet fetches nothing below it, and misses nothing', async () => {
    const path = join(await openDirectory(), 'market_data.sqlite3');
    const clock = new ManualClock(NOON + MINUTE / 2);
    const exchange = new FakeExchange({ clock });
    // The feed of the clock that stands still brings no news by itself.
    const open = async (config: Partial<MarketDataConfig>): Promise<IMarketDataService> => {
      const storage = new SqliteStorage({ path, clock, changePollMs: 60_000 });
      await storage.open();
      const service = await createMarketData({
        storage,
        clock,
        coordinator: exchange,
        fetching: { settlingMs: 0 },
        ...config,
      });
      onTestFinished(async () => {
        await service.close();
        await storage.close();
      });
      return service;
    };
    const one = await open({ retention: TWO_HOURS });
    const two = await open({});
    const query = { ...KEY, from: minutes(-300), to: minutes(0) };
    await one.getCandles(query);
    expect((await two.getCandles(query)).series.length).toBe(300);
    await one.applyRetention();
    exchange.takeIntervals();
    // Of other pages: those that it has are of the state that it knows.
    const others = { ...KEY, from: minutes(-400), to: minutes(-1) };
    const report = await two.getCandles(others, { fetchMissing: false });
    expect(report).toMatchObject({ missing: [], retainedFrom: FLOOR });
    expect(await two.getCandles(others)).toMatchObject({ missing: [], retainedFrom: FLOOR });
    expect(exchange.takeIntervals()).toEqual([]);
  });

  it('the file stays bounded while data flows in', async () => {
    const path = join(await openDirectory(), 'market_data.sqlite3');
    const clock = new ManualClock(NOON + MINUTE / 2);
    const storage = new SqliteStorage({ path, clock });
    await storage.open();
    const exchange = new FakeExchange({ clock });
    const service = await createMarketData({
      storage,
      clock,
      coordinator: exchange,
      cache: false,
      maintenance: false,
      retention: [{ timeframe: '1m', keep: '7d' }],
    });
    onTestFinished(async () => {
      await service.close();
      await storage.close();
    });
    const bytes: number[] = [];
    for (let day = 1; day <= 60; day += 1) {
      clock.advance(DAY);
      for (const key of [KEY, ETH]) {
        const { missing } = await service.getCandles({ ...key, from: clock.now() - DAY - HOUR });
        expect(missing).toEqual([]);
      }
      const { series } = await service.applyRetention();
      expect(series.every(({ error }) => error === undefined)).toBe(true);
      await storage.flush();
      bytes.push((await stat(path)).size);
    }
    const [{ count = 0 } = {}] = await storage.candles.list();
    expect(count).toBeGreaterThanOrEqual(7 * 1_440);
    expect(count).toBeLessThan(7 * 1_440 * (1 + 1 / 32) + 1_440);
    expect(Math.max(...bytes)).toBeLessThan(1.3 * Math.max(...bytes.slice(0, 12)));
    expect(exchange.requests.every(({ from }) => from > NOON - 2 * DAY)).toBe(true);
  });
});
