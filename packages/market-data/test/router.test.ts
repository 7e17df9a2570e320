import { BarkeepError, ManualClock, type Trade } from '@barkeep/core';
import { createMarketData, type MarketDataConfig } from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { RouterEvent } from '@barkeep/source';
import { MemoryRouter } from '@barkeep/source-memory';
import { MemoryStorage } from '@barkeep/storage-memory';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KEY, MINUTE, minutes, NOON, settle } from './fixtures.ts';
import { TradedMarket } from './traded-market.ts';

const { symbol } = KEY;
const ticker = { symbol, timestamp: NOON, price: 100 };
const book = { symbol, timestamp: NOON, bids: [{ price: 99, size: 1 }], asks: [] };
const trade: Trade = { id: '1', timestamp: NOON, price: 100, size: 1, side: 'sell' };

class FailingStorage extends MemoryStorage {
  isBroken = false;
  /** Writes wait for it. */
  gate: Promise<void> | undefined;

  protected override async _write(
    ...call: Parameters<MemoryStorage['_write']>
  ): ReturnType<MemoryStorage['_write']> {
    await this.gate;
    if (this.isBroken) throw new Error('the disk is gone');
    return super._write(...call);
  }
}

async function openLive(config: Partial<MarketDataConfig> = {}) {
  const clock = new ManualClock(NOON);
  const router = new MemoryRouter({ clock, name: 'upbit' });
  const market = new TradedMarket(clock);
  const storage = new FailingStorage({ clock });
  const realtime = new MemoryRealtime({ clock });
  const service = await createMarketData({ storage, realtime, router, clock, ...config });
  onTestFinished(() => service.close());
  /** Time passes; the connection stays alive, unless it `isSilent`. */
  const pass = async (milliseconds: number, isSilent = false): Promise<void> => {
    for (let left = milliseconds; left > 0; left -= 500) {
      clock.advance(Math.min(500, left));
      if (!isSilent) router.alive();
      await settle();
    }
  };
  /** Trades, and sends what comes of it. */
  const deal = (price: number): void => {
    const done = market.trade(price);
    router.send({ type: 'trades', symbol, trades: [done] });
    router.send({ type: 'candle', live: market.stateAt(KEY, done) });
  };
  return { clock, router, market, storage, realtime, service, pass, deal };
}

describe('values the router has', () => {
  it('are read where our own memory has none, while it is connected', async () => {
    const { router, service } = await openLive({ recording: false });
    router.connect();
    router.send({ type: 'ticker', ticker });
    router.send({ type: 'orderBook', book });
    router.send({ type: 'trades', symbol, trades: [trade] });
    expect(await service.getTicker(symbol)).toEqual(ticker);
    expect(await service.getTickers(['?', symbol])).toEqual([undefined, ticker]);
    expect(await service.getOrderBook(symbol)).toEqual(book);
    expect((await service.getOrderBook(symbol, { depth: 0 }))?.bids).toEqual([]);
    expect(await service.getTrades(symbol)).toEqual([trade]);
    expect(await service.getTrades(symbol, { since: NOON + 1 })).toEqual([]);
    router.drop();
    expect(await service.getTicker(symbol)).toBeUndefined();
    expect(await service.getOrderBook(symbol)).toBeUndefined();
    expect(await service.getTrades(symbol)).toEqual([]);
  });

  it('are read while the realtime cache fails, which is an error where they are not', async () => {
    class DownRealtime extends MemoryRealtime {
      protected override _getTicker(): never {
        throw new BarkeepError('UNAVAILABLE', 'gone', { retryable: true });
      }
      protected override _getOrderBook(): never {
        throw new BarkeepError('UNAVAILABLE', 'gone', { retryable: true });
      }
      protected override _recentTrades(): never {
        throw new BarkeepError('UNAVAILABLE', 'gone', { retryable: true });
      }
    }
    const { router, service } = await openLive({ realtime: new DownRealtime() });
    router.connect();
    router.send({ type: 'ticker', ticker });
    router.send({ type: 'orderBook', book });
    router.send({ type: 'trades', symbol, trades: [trade] });
    expect(await service.getTicker(symbol)).toEqual(ticker);
    expect(await service.getTickers([symbol, '?'])).toEqual([ticker, undefined]);
    expect(await service.getOrderBook(symbol, { depth: 5 })).toEqual(book);
    expect(await service.getTrades(symbol)).toEqual([trade]);
    await expect(service.getTicker('?')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(service.getTickers(['?'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(service.getTicker('')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    router.drop();
    await expect(service.getTrades(symbol)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('come after those in our own memory', async () => {
    const { router, service } = await openLive({ recording: false });
    router.connect();
    router.send({ type: 'ticker', ticker });
    await service.updateTicker({ ...ticker, price: 7 });
    expect((await service.getTicker(symbol))?.price).toBe(7);
  });

  it('are in our memory as soon as they come, and outlive the connection until they expire', async () => {
    const { router, service, clock, realtime } = await openLive();
    router.connect();
    router.send({ type: 'ticker', ticker });
    router.send({ type: 'trades', symbol, trades: [trade, trade] });
    router.send({ type: 'trades', symbol, trades: [trade] });
    await settle();
    expect(await realtime.tickers.get(symbol)).toEqual(ticker);
    router.drop();
    expect(await service.getTicker(symbol)).toEqual(ticker);
    expect(await service.getTrades(symbol)).toEqual([trade]);
    clock.advance(600_000);
    expect(await service.getTicker(symbol)).toBeUndefined();
    expect(await service.getTrades(symbol)).toEqual([]);
  });

  it('are passed over and counted when they break a rule', async () => {
    const { router, service } = await openLive();
    router.connect();
    router.tell({ type: 'ticker', ticker: { ...ticker, price: Number.NaN } });
    router.tell({ type: 'wake up' } as unknown as RouterEvent);
    router.getTicker = () => ({ ...ticker, symbol: 'another' });
    expect(await service.getTicker(symbol)).toBeUndefined();
    router.getTicker = () => {
      throw new Error('the router is broken');
    };
    expect(await service.getTicker(symbol)).toBeUndefined();
    const { router: told, candles } = await service.stats();
    expect(told).toMatchObject({ name: 'upbit', rejected: 2 });
    expect(told?.lastRejected?.details).toMatchObject({ field: 'type' });
    expect(candles.tiers).toContainEqual({
      name: 'router',
      adapter: 'upbit',
      hits: 0,
      misses: 0,
      failures: 2,
    });
  });
});

describe('candles that come through the router', () => {
  it('are read before they are stored, as not final', async () => {
    const { router, service, deal, storage } = await openLive();
    router.connect();
    router.promise(KEY, NOON);
    deal(100);
    deal(105);
    const first = await service.getCandles({ ...KEY, limit: 10 });
    expect(first.series.close).toEqual(Float64Array.of(105));
    expect(first.lastMayChange).toBe(true);
    expect(first.origins).toMatchObject({ router: 1, storage: 0 });
    expect(await storage.candles.list()).toEqual([]);
    deal(101);
    const second = await service.getCandles({ ...KEY, limit: 10 });
    expect(second.series.close).toEqual(Float64Array.of(101));
    expect((await service.stats()).candles.fromRouter).toBe(2);
  });

  it('take the place of the oldest where a limit cuts', async () => {
    const { router, service, deal, market, pass } = await openLive();
    router.connect();
    router.promise(KEY, NOON);
    for (let minute = 0; minute < 4; minute += 1) {
      deal(100 + minute);
      await pass(MINUTE);
    }
    deal(200);
    const last = await service.getCandles({ ...KEY, limit: 3 });
    expect([...last.series.close]).toEqual([102, 103, 200]);
    const first = await service.getCandles({ ...KEY, from: NOON, limit: 3 });
    expect([...first.series.close]).toEqual([100, 101, 102]);
    const all = await service.getCandles({ ...KEY, from: NOON, limit: 5 });
    expect(all.series.toArray()).toEqual(market.candles(KEY, NOON, minutes(9)));
  });

  it('are final once their period is over, and so are periods without trades', async () => {
    const { router, service, deal, pass, storage } = await openLive();
    router.connect();
    router.promise(KEY, NOON);
    deal(100);
    await pass(3 * MINUTE + 2_000);
    const { series, missing, coverage, lastMayChange } = await service.getCandles({
      ...KEY,
      from: NOON,
    });
    expect(series.length).toBe(1);
    expect(missing).toEqual([]);
    expect(lastMayChange).toBe(false);
    expect(coverage).toMatchObject([{ from: NOON, to: minutes(3), source: 'upbit' }]);
    expect(await storage.coverage.missing(KEY, { from: NOON, to: minutes(3) })).toEqual([]);
  });

  it('are stored by the first read after their period, also between two turns of the recorder', async () => {
    const { router, service, deal, clock } = await openLive({
      recording: { intervalMs: 3_600_000 },
    });
    router.connect();
    router.promise(KEY, NOON);
    deal(100);
    clock.advance(MINUTE + 2_000);
    router.alive();
    const { series, missing } = await service.getCandles({ ...KEY, from: NOON });
    expect(series.length).toBe(1);
    expect(missing).toEqual([]);
  });

  it('are stored before their series is described, as before it is read', async () => {
    const { router, service, deal, clock } = await openLive({
      recording: { intervalMs: 3_600_000 },
    });
    router.connect();
    router.promise(KEY, NOON);
    deal(100);
    clock.advance(MINUTE + 2_000);
    const { continuity } = await service.describeSeries(KEY, { from: NOON, to: minutes(1) });
    expect(continuity).toMatchObject({ candles: 1, missingPeriods: 0 });
  });

  it('are taken when they come so late that their period was stored as one without trades', async () => {
    const { router, service, market, clock, pass, storage } = await openLive();
    router.connect();
    router.promise(KEY, NOON);
    const state = market.stateAt(KEY, market.trade(100));
    await pass(MINUTE + 4_000);
    const range = { from: NOON, to: minutes(1) };
    expect(await storage.coverage.missing(KEY, range)).toEqual([]);
    router.send({ type: 'candle', live: state });
    await pass(2_000);
    expect((await storage.candles.read({ ...KEY, to: clock.now() })).toArray()).toEqual([
      state.candle,
    ]);
    expect((await service.stats()).router?.candles).toMatchObject({ stored: 1, late: 0 });
  });

  it('keep the coordinator from being asked for the current period', async () => {
    const { router, service, market, clock, pass } = await openLive({
      coordinator: new TradedMarket(new ManualClock(NOON)),
    });
    router.connect();
    router.promise(KEY, NOON);
    await pass(MINUTE + 2_000);
    await service.getCandles({ ...KEY, from: NOON, to: clock.now() });
    expect((await service.stats()).coordinator?.calls).toBe(0);
    router.drop();
    await service.getCandles({ ...KEY, from: NOON, to: clock.now() });
    expect((await service.stats()).coordinator?.calls).toBe(1);
    expect(market.requests).toEqual([]);
  });

  it('count once, whatever their order and number', async () => {
    const { router, service, market, pass, storage } = await openLive();
    router.connect();
    router.promise(KEY, NOON);
    const states = [100, 103, 98, 101].map((price) => market.stateAt(KEY, market.trade(price)));
    const asOf = states.map((state, i) => ({ ...state, asOf: NOON + i }));
    for (const i of [2, 0, 3, 3, 1, 2, 0]) {
      const live = asOf[i];
      if (live !== undefined) router.send({ type: 'candle', live });
    }
    await pass(MINUTE + 2_000);
    const stored = await storage.candles.read(KEY);
    expect(stored.toArray()).toEqual(market.candles(KEY, NOON, minutes(1)));
    const { candles } = (await service.stats()).router ?? {};
    expect(candles).toMatchObject({ stored: 1, repeated: 1, outdated: 4 });
  });

  it('are not taken after their period without a promise, when somebody may have stored the final one', async () => {
    const { router, service, market, clock, pass, storage } = await openLive();
    router.connect();
    const state = market.stateAt(KEY, market.trade(100));
    await pass(MINUTE + 2_000);
    const final = { ...state.candle, close: 100, volume: 9 };
    await service.saveCandles(KEY, [final], { covers: { from: NOON, to: minutes(1) } });
    router.send({ type: 'candle', live: state });
    await pass(2_000);
    expect((await storage.candles.read({ ...KEY, to: clock.now() })).toArray()).toEqual([final]);
    expect((await service.stats()).router?.candles?.late).toBe(1);
  });

  it('are stored later when the storage fails, with all that came meanwhile', async () => {
    const { router, service, deal, market, pass, storage } = await openLive();
    router.connect();
    router.promise(KEY, NOON);
    storage.isBroken = true;
    for (const price of [100, 101, 102]) {
      deal(price);
      await pass(MINUTE);
    }
    expect((await service.stats()).router?.candles?.failures).toBeGreaterThan(0);
    expect((await storage.candles.read(KEY)).length).toBe(0);
    storage.isBroken = false;
    await pass(2_000);
    expect((await storage.candles.read(KEY)).toArray()).toEqual(
      market.candles(KEY, NOON, minutes(3)),
    );
    expect(await storage.coverage.missing(KEY, { from: NOON, to: minutes(3) })).toEqual([]);
  });

  it('are stored when the service closes', async () => {
    const clock = new ManualClock(NOON);
    const router = new MemoryRouter({ clock });
    const market = new TradedMarket(clock);
    const storage = new MemoryStorage({ clock });
    await storage.open();
    onTestFinished(() => storage.close());
    const service = await createMarketData({ storage, router, clock });
    router.connect();
    router.send({ type: 'candle', live: market.stateAt(KEY, market.trade(100)) });
    await service.close();
    expect((await storage.candles.read(KEY)).toArray()).toEqual(
      market.candles(KEY, NOON, minutes(1)),
    );
  });
});

describe('an outage', () => {
  it('is made up for by the coordinator: neither a gap nor a duplicate remains', async () => {
    const clock = new ManualClock(NOON);
    const market = new TradedMarket(clock);
    const router = new MemoryRouter({ clock, name: 'upbit' });
    const storage = new MemoryStorage({ clock });
    const service = await createMarketData({ storage, router, coordinator: market, clock });
    onTestFinished(() => service.close());
    const live = async (seconds: number, isUp: boolean): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        if (second % 7 === 0) {
          const done = market.trade(100 + second);
          if (isUp) {
            router.send({ type: 'trades', symbol, trades: [done] });
            router.send({ type: 'candle', live: market.stateAt(KEY, done) });
          }
        }
        clock.advance(1_000);
        await settle();
      }
    };
    router.connect();
    router.promise(KEY, NOON);
    await live(100, true);
    const lastSeen = clock.now();
    await live(65, false);
    router.drop({ lastSeen });
    await live(40, false);
    router.connect();
    // Exchanges send the latest trades and the state of the candle once more.
    for (const done of market.trades.slice(-5)) {
      router.send({ type: 'trades', symbol, trades: [done] });
      router.send({ type: 'candle', live: market.stateAt(KEY, done) });
    }
    await live(120, true);
    const to = minutes(5);
    const { series, missing } = await service.getCandles(
      { ...KEY, from: NOON, to },
      { fetchMissing: false },
    );
    expect(missing).toEqual([]);
    expect(series.toArray()).toEqual(market.candles(KEY, NOON, to));
    const ids = (await service.getTrades(symbol)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await service.stats()).router?.candles?.madeUp).toBeGreaterThan(0);
  });

  it('takes back what was said of its time before it was noticed', async () => {
    const { router, pass, storage, clock } = await openLive();
    router.connect();
    router.promise(KEY, NOON);
    await pass(MINUTE);
    const lastSeen = clock.now();
    await pass(3 * MINUTE);
    const range = { from: NOON, to: minutes(4) };
    expect(await storage.coverage.missing(KEY, { from: NOON, to: minutes(3) })).toEqual([]);
    router.drop({ lastSeen });
    await pass(2_000);
    expect(await storage.coverage.missing(KEY, range)).toEqual([range]);
  });

  it('noticed while something is being stored takes that back, too', async () => {
    const { router, pass, storage, clock } = await openLive();
    const gate = Promise.withResolvers<void>();
    router.connect();
    router.promise(KEY, NOON);
    const lastSeen = clock.now();
    storage.gate = gate.promise;
    await pass(MINUTE + 3_000);
    router.drop({ lastSeen });
    gate.resolve();
    await pass(2_000);
    const range = { from: NOON, to: minutes(1) };
    expect((await storage.stats()).operations['coverage.remove']?.calls).toBe(1);
    expect(await storage.coverage.missing(KEY, range)).toEqual([range]);
  });

  it('of one stream leaves the others promised', async () => {
    const { router, pass, storage } = await openLive();
    const other = { ...KEY, symbol: 'KRW-ETH' };
    router.connect();
    router.promise(KEY, NOON);
    router.promise(other, NOON);
    await pass(MINUTE + 2_000);
    router.endStream(KEY);
    await pass(2 * MINUTE);
    const range = { from: NOON, to: minutes(3) };
    expect(await storage.coverage.missing(other, range)).toEqual([]);
    expect(await storage.coverage.missing(KEY, range)).toEqual([
      { from: minutes(1), to: minutes(3) },
    ]);
  });

  it('between two runs of the program is made up for, too', async () => {
    const clock = new ManualClock(NOON);
    const market = new TradedMarket(clock);
    const storage = new MemoryStorage({ clock });
    await storage.open();
    onTestFinished(() => storage.close());
    market.trade(100);
    await storage.coverage.add(KEY, { from: minutes(-10), to: minutes(1) }, { source: 'earlier' });
    clock.advance(5 * MINUTE);
    market.trade(101);
    const router = new MemoryRouter({ clock });
    const service = await createMarketData({ storage, router, coordinator: market, clock });
    onTestFinished(() => service.close());
    router.connect();
    router.promise(KEY, minutes(6));
    for (let second = 0; second < 90; second += 1) {
      clock.advance(1_000);
      await settle();
    }
    const range = { from: minutes(-10), to: minutes(6) };
    expect(await storage.coverage.missing(KEY, range)).toEqual([]);
    expect(market.requests.every(({ from }) => from >= minutes(1))).toBe(true);
  });
});
