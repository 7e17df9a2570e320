import { ManualClock, type SeriesKey, timeframeGrid } from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedExchange } from '../src/exchange/simulated-exchange.ts';
import { LiveFeed } from '../src/live-feed.ts';
import { GRACE_MS } from '../src/live-recorder.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 2, 14, 5, 20, 20);
const keys: readonly SeriesKey[] = [
  { symbol: 'KRW-BTC', timeframe: '1m' },
  { symbol: 'KRW-BTC', timeframe: '5m' },
  { symbol: 'KRW-LINK', timeframe: '1m' },
];

let clock: ManualClock;
let exchange: SimulatedExchange;
let service: IMarketDataService;
let feed: LiveFeed;

beforeEach(async () => {
  clock = new ManualClock(START);
  exchange = new SimulatedExchange({ clock });
  service = await createMarketData({
    storage: 'memory:',
    clock,
    fetching: { closeGraceMs: GRACE_MS },
  });
  feed = new LiveFeed(exchange, service);
});
afterEach(() => service.close());

describe('live data', () => {
  it('leaves exactly the candles of the exchange, final up to the last period that has ended', async () => {
    for (const key of keys) feed.watch(key);
    await feed.replay(clock, START + 12 * MINUTE);
    for (const key of keys) {
      const grid = timeframeGrid(key.timeframe);
      const from = grid.floor(START);
      const { series, coverage, missing } = await service.getCandles({ ...key, from });
      const page = await exchange.candlePage({ ...key, count: 20 });
      // The last trades may still be on their way, so the candle in the making may lag behind.
      const ended = grid.floor(clock.now() - GRACE_MS);
      const expected = page.filter((it) => it.timestamp >= from && it.timestamp < ended).reverse();
      expect(series.between(from, ended).toArray()).toEqual(expected);
      expect(coverage).toMatchObject([{ from, to: ended, source: 'simulated-exchange' }]);
      expect(missing).toEqual([]);
    }
  });

  it('keeps tickers, books and trades where they expire, each trade once', async () => {
    for (const key of keys) feed.watch(key);
    await feed.replay(clock, START + 5 * MINUTE);
    expect((await service.getTicker('KRW-BTC'))?.price).toBeGreaterThan(0);
    expect((await service.getOrderBook('KRW-BTC'))?.asks).toHaveLength(15);
    const ids = (await service.getTrades('KRW-BTC')).map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(50);
    expect(new Set(ids).size).toBe(ids.length);
    expect(feed.tally.repeatedTrades).toBeGreaterThan(0);
    expect(feed.tally.lateCandles).toBeGreaterThan(0);
  });

  it('writes each candle only when it has changed', async () => {
    feed.watch({ symbol: 'KRW-LINK', timeframe: '1m' });
    await feed.replay(clock, START + 3 * MINUTE);
    const { storage } = await service.stats();
    const changes = storage.candlesInserted + storage.candlesUpdated;
    const trades = exchange.trades('KRW-LINK', START, clock.now()).length;
    expect(changes).toBeLessThanOrEqual(trades + 1);
  });

  it('runs until it is told to stop', async () => {
    const stop = new AbortController();
    const running = feed.run(stop.signal);
    stop.abort();
    await expect(running).resolves.toBeUndefined();
  });
});
