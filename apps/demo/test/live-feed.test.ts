import { ManualClock, type SeriesKey, timeframeGrid } from '@barkeep/core';
import type { IMarketDataService } from '@barkeep/market-data';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDemoOptions } from '../src/demo-options.ts';
import { ExchangeCoordinator } from '../src/exchange/exchange-coordinator.ts';
import { CUT_MS, ExchangeLine } from '../src/exchange/exchange-line.ts';
import { ExchangeRouter } from '../src/exchange/exchange-router.ts';
import { SimulatedExchange } from '../src/exchange/simulated-exchange.ts';
import { GRACE_MS, LiveFeed } from '../src/live-feed.ts';
import { openMarketData } from '../src/open-market-data.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 2, 14, 5, 20, 20);
const keys: readonly SeriesKey[] = [
  { symbol: 'KRW-BTC', timeframe: '1m' },
  { symbol: 'KRW-BTC', timeframe: '5m' },
  { symbol: 'KRW-LINK', timeframe: '1m' },
];

let clock: ManualClock;
let exchange: SimulatedExchange;
let router: ExchangeRouter;
let service: IMarketDataService;
let feed: LiveFeed;

beforeEach(async () => {
  clock = new ManualClock(START);
  exchange = new SimulatedExchange({ clock });
  router = new ExchangeRouter(exchange);
  const options = parseDemoOptions(['--storage', 'memory:', '--disk-cache', 'memory:']);
  if (options === undefined) throw new Error('no help was asked for');
  const coordinator = new ExchangeCoordinator(exchange, () => {});
  service = await openMarketData(options, { router, coordinator, clock });
  feed = new LiveFeed(router, clock);
  for (const key of keys) router.watch(key);
});
afterEach(async () => {
  router.close();
  await service.close();
});

describe('live data', () => {
  it('leaves exactly the candles of the exchange, final up to the last period that has ended', async () => {
    await feed.replay(clock, START + 12 * MINUTE);
    for (const key of keys) {
      const { coverage, from, ended } = await expectWhole(key);
      expect(coverage).toMatchObject([{ from, to: ended, source: 'simulated-exchange' }]);
    }
    expect((await service.stats()).coordinator?.calls).toBe(0);
  });

  it('keeps tickers, books and trades where they expire, each trade once', async () => {
    await feed.replay(clock, START + 5 * MINUTE);
    expect((await service.getTicker('KRW-BTC'))?.price).toBeGreaterThan(0);
    expect((await service.getOrderBook('KRW-BTC'))?.asks).toHaveLength(15);
    await expectTradesOnce();
    const { router: told } = await service.stats();
    expect(told).toMatchObject({ streams: 3, rejected: 0 });
    expect(told?.realtime?.duplicates).toBeGreaterThan(0);
    expect(told?.candles?.outdated).toBeGreaterThan(0);
  });

  it.each([
    ['within a minute', 10_000],
    ['across the end of a minute', 30_000],
  ])('has neither gap nor duplicate after the line was cut %s', async (_where, beforeCut) => {
    const line = new ExchangeLine(exchange, router);
    await feed.replay(clock, START + 3 * MINUTE + beforeCut);
    line.cut();
    await feed.replay(clock, clock.now() + CUT_MS - 1_000);
    expect(router.connection.status).toBe('reconnecting');
    await feed.replay(clock, START + 8 * MINUTE);
    expect(router.connection.status).toBe('connected');
    for (const key of keys) await expectWhole(key);
    await expectTradesOnce();
    const { madeUp } = (await service.stats()).router?.candles ?? {};
    if (beforeCut === 30_000) expect(madeUp).toBeGreaterThan(0);
    else expect(madeUp).toBe(0);
  });

  it('runs until it is told to stop', async () => {
    const stop = new AbortController();
    const running = feed.run(stop.signal);
    expect(router.connection.status).toBe('connected');
    stop.abort();
    await expect(running).resolves.toBeUndefined();
    expect(router.connection.status).toBe('closed');
  });
});

describe('the line to the exchange', () => {
  it('is cut for a while, and tells of it', async () => {
    const line = new ExchangeLine(exchange, router);
    const heard: [cutUntil: number | undefined, status: string][] = [];
    const end = line.subscribe(() => heard.push([line.cutUntil, router.connection.status]));
    await feed.replay(clock, START + MINUTE);
    const until = START + MINUTE + CUT_MS;
    line.cut();
    line.cut();
    await feed.replay(clock, until + 1_000);
    expect(heard).toEqual([
      [undefined, 'connected'],
      [until, 'connected'],
      [until, 'reconnecting'],
      [undefined, 'reconnecting'],
      [undefined, 'connected'],
    ]);
    end();
    line.cut();
    line.mend();
    expect(heard).toHaveLength(5);
  });
});

/** What is stored of a series is what the exchange has, and nothing of it is missing. */
async function expectWhole(key: SeriesKey) {
  const grid = timeframeGrid(key.timeframe);
  const from = grid.floor(START);
  const { series, coverage, missing } = await service.getCandles(
    { ...key, from },
    { fetchMissing: false },
  );
  const page = await exchange.candlePage({ ...key, count: 20 });
  // The last trades may still be on their way, so the candle in the making may lag behind.
  const ended = grid.floor(clock.now() - GRACE_MS);
  const expected = page.filter((it) => it.timestamp >= from && it.timestamp < ended).reverse();
  expect(series.between(from, ended).toArray()).toEqual(expected);
  expect(missing).toEqual([]);
  return { coverage, from, ended };
}

async function expectTradesOnce(): Promise<void> {
  const ids = (await service.getTrades('KRW-BTC')).map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(50);
  expect(new Set(ids).size).toBe(ids.length);
}
