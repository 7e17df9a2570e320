import {
  identifyTrades,
  ManualClock,
  type OrderBook,
  type Ticker,
  type Trade,
} from '@barkeep/core';
import type { FailureEvent } from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { LiveCandle, MarketEvent } from '@barkeep/source';
import { MemoryRouter } from '@barkeep/source-memory';
import { describe, expect, it } from 'vitest';
import { KEY, MINUTE, minutes, NOON } from './fixtures.ts';
import { openLiveDesk } from './live-desk.ts';

const { symbol } = KEY;
const DAY = { symbol, timeframe: '1d' } as const;
const MIDNIGHT = Date.UTC(2026, 0, 1);
const HOUR = 60 * MINUTE;

/** Of a library that forgets nothing. */
class HoardingRouter extends MemoryRouter {
  readonly #tickers = new Map<string, Ticker>();
  readonly #books = new Map<string, OrderBook>();
  #trades: Trade[] = [];
  #candles: LiveCandle[] = [];

  override send(event: Parameters<MemoryRouter['send']>[0]): boolean {
    if (event.type === 'ticker') this.#tickers.set(event.ticker.symbol, event.ticker);
    else if (event.type === 'orderBook') this.#books.set(event.book.symbol, event.book);
    else if (event.type === 'trades')
      this.#trades = [...this.#trades, ...identifyTrades(event.trades)];
    else this.#candles = [event.live];
    return super.send(event);
  }
  override getTicker(name: string): Ticker | undefined {
    return this.#tickers.get(name);
  }
  override getOrderBook(name: string): OrderBook | undefined {
    return this.#books.get(name);
  }
  override getTrades(): readonly Trade[] {
    return this.#trades;
  }
  override getCandles(): readonly LiveCandle[] {
    return this.#candles;
  }
}

async function open(router: 'forgets' | 'hoards' = 'hoards') {
  const clock = new ManualClock(NOON);
  const options = { clock, name: 'upbit' };
  const desk = await openLiveDesk({
    clock,
    router: router === 'hoards' ? new HoardingRouter(options) : new MemoryRouter(options),
    recording: false,
  });
  const { service } = desk;
  const say = (at = clock.now()): void => {
    desk.router.send({ type: 'ticker', ticker: { symbol, timestamp: at, price: 1 } });
    desk.router.send({ type: 'orderBook', book: { symbol, timestamp: at, bids: [], asks: [] } });
    const trade: Trade = { id: `${at}`, timestamp: at, price: 1, size: 1, side: 'buy' };
    desk.router.send({ type: 'trades', symbol, trades: [trade] });
    const candle = { timestamp: MIDNIGHT, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    desk.router.send({ type: 'candle', live: { key: DAY, candle, asOf: at } });
  };
  const read = async () => ({
    ticker: await service.getTicker(symbol),
    book: await service.getOrderBook(symbol),
    trades: (await service.getTrades(symbol)).length,
    candles: (await service.getCandles({ ...DAY, from: MIDNIGHT })).series.length,
  });
  return { ...desk, say, read };
}

const NOTHING = { ticker: undefined, book: undefined, trades: 0, candles: 0 };
const ALL = { ticker: expect.anything(), book: expect.anything(), trades: 1, candles: 1 };

describe("what is in the router's memory", () => {
  it.each(['forgets', 'hoards'] as const)(
    'counts from the present connection on, of a router that %s',
    async (which) => {
      const { router, say, read, pass } = await open(which);
      router.connect();
      say();
      expect(await read()).toEqual(ALL);
      router.drop();
      expect(await read()).toEqual(NOTHING);
      await pass(3 * HOUR);
      router.connect();
      expect(await read()).toEqual(NOTHING);
      say();
      expect(await read()).toMatchObject({ ...ALL, trades: 1 });
    },
  );

  it('counts no longer than values live in the realtime cache', async () => {
    const { router, say, read, pass, clock } = await open();
    router.connect();
    // A quiet market: what comes is old, and fresh from the exchange all the same.
    say(NOON - 5 * HOUR);
    expect(await read()).toEqual(ALL);
    await pass(31_000);
    expect(await read()).toEqual({ ...ALL, book: undefined });
    clock.setWallTime(NOON - HOUR);
    await pass(1_000);
    say(clock.now());
    await pass(5 * MINUTE);
    expect(await read()).toEqual({ ...ALL, book: undefined, ticker: undefined });
    await pass(5 * MINUTE);
    expect(await read()).toEqual({ ...NOTHING, candles: 1 });
  });

  it('counts as long as the realtime cache keeps values, where that is configured', async () => {
    const clock = new ManualClock(NOON);
    const router = new HoardingRouter({ clock });
    const realtime = new MemoryRealtime({ clock, expiry: { tickerMs: HOUR, orderBookMs: 5_000 } });
    const { service, pass } = await openLiveDesk({ clock, router, realtime, recording: false });
    router.connect();
    router.send({ type: 'ticker', ticker: { symbol, timestamp: NOON, price: 1 } });
    router.send({ type: 'orderBook', book: { symbol, timestamp: NOON, bids: [], asks: [] } });
    await pass(6_000);
    expect(await service.getOrderBook(symbol)).toBeUndefined();
    await pass(30 * MINUTE);
    expect(await service.getTicker(symbol)).toMatchObject({ price: 1 });
    await pass(HOUR);
    expect(await service.getTicker(symbol)).toBeUndefined();
  });

  it('counts by its time where it was there before anybody listened', async () => {
    const clock = new ManualClock(NOON);
    const router = new HoardingRouter({ clock });
    router.connect();
    const ticker = (name: string, timestamp: number): void => {
      router.send({ type: 'ticker', ticker: { symbol: name, timestamp, price: 1 } });
    };
    ticker('of before', NOON - 1);
    clock.advance(4 * MINUTE);
    ticker('fresh', clock.now());
    ticker('old', NOON);
    clock.advance(MINUTE);
    const { service } = await openLiveDesk({ clock, router, recording: false });
    const found = await service.getTickers(['of before', 'fresh', 'old']);
    expect(found.map((one) => one?.symbol)).toEqual([undefined, 'fresh', undefined]);
  });

  it('does not count after the clock was set or the machine has slept', async () => {
    const { router, say, read, clock, pass } = await open();
    router.connect();
    say();
    clock.setWallTime(NOON + 8 * HOUR);
    expect(await read()).toMatchObject({ candles: 0 });
    await pass(1_000);
    say();
    expect(await read()).toMatchObject({ candles: 1, ticker: { timestamp: clock.now() } });
  });

  it('does not count where it lies far ahead, or breaks a rule, each by itself', async () => {
    const { router, service, clock } = await open();
    router.connect();
    const trade: Trade = { id: '1', timestamp: NOON, price: 1, size: 1, side: 'buy' };
    const far = { ...trade, id: '2', timestamp: NOON + 9 * HOUR };
    router.send({ type: 'trades', symbol, trades: [trade] });
    router.getTrades = () => [trade, { ...trade, id: '3', price: Number.NaN }, far];
    expect(await service.getTrades(symbol)).toEqual([trade]);
    router.getTicker = () => ({ symbol, timestamp: NOON + 9 * HOUR, price: 1 });
    expect(await service.getTicker(symbol)).toBeUndefined();
    const candle = { timestamp: MIDNIGHT, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    const live = { key: DAY, candle, asOf: clock.now() };
    router.send({ type: 'candle', live });
    router.getCandles = () => [live, { ...live, asOf: NOON + 9 * HOUR }, { key: DAY } as never];
    expect((await service.getCandles({ ...DAY, from: MIDNIGHT })).series.length).toBe(1);
    const [tier] = (await service.stats()).candles.tiers.filter(({ name }) => name === 'router');
    expect(tier).toMatchObject({ failures: 5 });
  });
});

describe('the state of a candle in the making', () => {
  it('does not beat what was fetched once its stream has ended', async () => {
    const { router, pass, deal, market, service } = await openLiveDesk({ fetches: true });
    router.connect();
    router.promise(DAY, MIDNIGHT);
    deal(100, DAY);
    await pass(2_000);
    const before = await service.getCandles({ ...DAY, from: MIDNIGHT });
    expect(before.series.close).toEqual(Float64Array.of(100));
    expect(market.requests).toEqual([]);
    router.endStream(DAY);
    market.trade(200);
    const after = await service.getCandles({ ...DAY, from: MIDNIGHT });
    expect(after.series.close).toEqual(Float64Array.of(200));
    expect(market.requests).toHaveLength(1);
  });

  it('of another series is not mistaken for it', async () => {
    const { router, service, clock } = await openLiveDesk({ recording: false });
    router.connect();
    const candle = { timestamp: MIDNIGHT, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    router.promise(DAY, MIDNIGHT);
    router.getCandles = () => [
      { key: { ...DAY, symbol: 'KRW-ETH' }, candle, asOf: clock.now() },
      { key: { ...DAY, timeframe: '1h' }, candle, asOf: clock.now() },
    ];
    expect((await service.getCandles({ ...DAY, from: MIDNIGHT })).series.length).toBe(0);
  });
});

describe('values from the future', () => {
  it('are refused, each by itself, and told', async () => {
    const { router, service, clock, pass, storage } = await openLiveDesk();
    router.connect();
    const ahead = NOON + 9 * HOUR;
    const trade: Trade = { id: '1', timestamp: NOON, price: 1, size: 1, side: 'buy' };
    router.tell({ type: 'ticker', ticker: { symbol, timestamp: ahead, price: 9 } });
    router.tell({ type: 'orderBook', book: { symbol, timestamp: ahead, bids: [], asks: [] } });
    const trades = [trade, { ...trade, id: '2', timestamp: ahead }, { ...trade, id: '3' }];
    router.tell({ type: 'trades', symbol, trades });
    const candle = { timestamp: NOON, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    const year9000 = { ...candle, timestamp: Date.UTC(9000, 0, 1) };
    router.tell({ type: 'candle', live: { key: KEY, candle: year9000, asOf: NOON } });
    router.tell({ type: 'candle', live: { key: KEY, candle, asOf: ahead } });
    router.tell({ type: 'stream', stream: { key: KEY, since: Date.UTC(2126, 0, 1) } });
    await pass(1_000);
    const { rejected, lastRejected, streams } = (await service.stats()).router ?? {};
    expect(rejected).toBe(6);
    expect(streams).toBe(0);
    expect(lastRejected?.details).toMatchObject({ field: 'since', now: NOON });
    expect(await service.getTrades(symbol)).toHaveLength(2);
    expect(await service.getTicker(symbol)).toBeUndefined();
    router.send({ type: 'ticker', ticker: { symbol, timestamp: clock.now(), price: 1 } });
    router.send({ type: 'candle', live: { key: KEY, candle, asOf: NOON + 1 } });
    await pass(2_000);
    expect((await service.getTicker(symbol))?.price).toBe(1);
    expect((await storage.candles.read(KEY)).toArray()).toEqual([candle]);
  });

  it('are taken as far as the bound allows, of candles one period more', async () => {
    const { router, service, pass } = await openLiveDesk({ maxAheadMs: 30_000 });
    router.connect();
    const candle = { timestamp: minutes(1), open: 1, high: 1, low: 1, close: 1, volume: 1 };
    router.tell({ type: 'candle', live: { key: KEY, candle, asOf: NOON } });
    router.tell({
      type: 'candle',
      live: { key: KEY, candle: { ...candle, timestamp: minutes(2) }, asOf: NOON },
    });
    router.tell({ type: 'ticker', ticker: { symbol, timestamp: NOON + 30_001, price: 1 } });
    router.tell({ type: 'ticker', ticker: { symbol, timestamp: NOON + 30_000, price: 2 } });
    await pass(2_000);
    expect((await service.stats()).router).toMatchObject({ rejected: 2 });
    expect((await service.getTicker(symbol))?.price).toBe(2);
  });
});

describe('a flood', () => {
  it('of trades told one by one in a turn is kept', async () => {
    const { router, service, clock, realtime, pass } = await openLiveDesk();
    router.connect();
    const trade = { timestamp: clock.now(), price: 1, size: 1, side: 'buy' } as const;
    for (let i = 0; i < 50_000; i += 1) {
      router.tell({ type: 'trades', symbol, trades: [{ ...trade, id: `${i}` }] });
    }
    await pass(1_000);
    expect((await service.stats()).router?.realtime).toMatchObject({ stored: 50_000, dropped: 0 });
    const [last] = await realtime.trades.recent(symbol, { limit: 1 });
    expect(last?.id).toBe('49999');
  });

  it('with bad trades loses these alone', async () => {
    const { router, service, clock, pass } = await openLiveDesk();
    router.connect();
    const trades = Array.from({ length: 100 }, (_, i) => ({
      id: `${i}`,
      timestamp: clock.now(),
      price: i % 50 === 7 ? Number.NaN : 1,
      size: 1,
      side: 'buy' as const,
    }));
    router.tell({ type: 'trades', symbol, trades });
    await pass(1_000);
    expect((await service.stats()).router).toMatchObject({
      rejected: 2,
      realtime: { stored: 98, dropped: 0 },
    });
  });
});

describe('what breaks a rule', () => {
  it.each([
    ['sent through the router', 'send'],
    ['told by a router that checks nothing', 'tell'],
  ] as const)('is told once, with its time, field and rule, when %s', async (_, way) => {
    const { router, service, clock, pass } = await openLiveDesk();
    const told: FailureEvent[] = [];
    service.subscribe({}, (event) => event.type === 'failure' && told.push(event));
    router.connect();
    const at = clock.now();
    const trades = Array.from({ length: 100 }, (_, i) => ({
      id: `${i}`,
      timestamp: at - i,
      price: i === 42 ? Number.NaN : -1,
      size: 1,
    }));
    const ticker = { symbol, timestamp: at, price: 1 };
    const events: MarketEvent[] = [
      { type: 'trades', symbol, trades },
      { type: 'ticker', ticker },
      { type: 'ticker', ticker: { ...ticker, symbol: 'other', bid: Number.NaN } },
      { type: 'orderBook', book: { symbol, timestamp: at, bids: [], asks: [] } },
    ];
    for (const event of events) {
      try {
        router[way](event);
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_INPUT' });
      }
    }
    await pass(1_000);
    expect(told).toMatchObject([
      {
        of: 'router',
        error: { details: { field: 'price', rule: 'must be a finite number', timestamp: at - 42 } },
      },
      { of: 'router', error: { details: { field: 'bid', timestamp: at } } },
    ]);
    const time = `${new Date(at - 42).toISOString()} (${at - 42})`;
    expect(told[0]?.error.message).toContain(time);
    const { router: figures } = await service.stats();
    expect(figures).toMatchObject({ rejected: 2, lastRejected: { details: { timestamp: at } } });
    expect(await service.getTrades(symbol)).toHaveLength(99);
    expect(await service.getTicker(symbol)).toEqual(ticker);
    expect(await service.getOrderBook(symbol)).toBeDefined();
  });

  it('of a kind is told once a second, and counted each time', async () => {
    const { router, service, clock, pass } = await openLiveDesk();
    let told = 0;
    service.subscribe({}, (event) => {
      if (event.type === 'failure') told += 1;
    });
    router.connect();
    const trade = { price: Number.NaN, size: 1 };
    for (let i = 0; i < 50; i += 1) {
      const trades = [{ ...trade, timestamp: clock.now() - i }];
      router.tell({ type: 'trades', symbol, trades });
    }
    await pass(1_000);
    expect(told).toBe(1);
    expect((await service.stats()).router).toMatchObject({ rejected: 50 });
  });
});

describe('trades without an id', () => {
  it('are the same ones in the memory of the router and of the service, and told again they add none', async () => {
    const { router, service, realtime, clock, pass } = await openLiveDesk();
    router.connect();
    const bare = { timestamp: clock.now(), price: -37.63, size: 1 };
    const page = [bare, { ...bare, side: 'sell' as const }, bare];
    // Told again before the first delivery is stored, too.
    for (const part of [page, page.toReversed(), [bare]]) {
      router.send({ type: 'trades', symbol, trades: part });
    }
    await pass(1_000);
    router.tell({ type: 'trades', symbol, trades: page });
    await pass(1_000);
    const stored = identifyTrades(page);
    expect(await service.getTrades(symbol)).toEqual(stored);
    expect(router.getTrades(symbol)).toEqual(stored);
    await realtime.clear();
    expect(await service.getTrades(symbol)).toEqual(stored);
    expect(await service.appendTrades(symbol, page)).toEqual({ added: 3, duplicates: 0 });
    expect(await service.appendTrades(symbol, page)).toEqual({ added: 0, duplicates: 3 });
  });

  it('are those of a router that keeps them without', async () => {
    const { router, service, clock } = await openLiveDesk();
    router.connect();
    const bare = { timestamp: clock.now(), price: 0, size: 1 };
    router.getTrades = () => [bare, bare] as unknown as Trade[];
    expect(await service.getTrades(symbol)).toEqual(identifyTrades([bare, bare]));
  });
});

it('a ticker may have a bid and an ask only, wherever it comes from', async () => {
  const { router, service, clock, realtime, pass } = await openLiveDesk();
  router.connect();
  const quote = { symbol, timestamp: clock.now(), bid: -37.63, ask: 0 };
  router.send({ type: 'ticker', ticker: quote });
  expect(await service.getTicker(symbol)).toStrictEqual(quote);
  await pass(1_000);
  expect(await realtime.tickers.get(symbol)).toStrictEqual(quote);
  await service.updateTicker({ ...quote, ask: 1 });
  expect(await service.getTickers([symbol])).toStrictEqual([{ ...quote, ask: 1 }]);
});
