import { TopicListeners } from '@barkeep/core';
import type { MarketDataEvent } from '@barkeep/market-data';
import { MemoryStorage } from '@barkeep/storage-memory';
import { describe, expect, it, vi } from 'vitest';
import { KEY, minutes, openDesk, settle } from './fixtures.ts';

const ticker = { symbol: 'KRW-BTC', timestamp: minutes(0), price: 100, changeRate: -0.015 };
const book = {
  symbol: 'KRW-BTC',
  timestamp: minutes(0),
  bids: [
    { price: 99, size: 1 },
    { price: 98, size: 2 },
  ],
  asks: [{ price: 101, size: 3 }],
};
const trade = { id: '17', timestamp: minutes(0), price: 100, size: 1, side: 'buy' } as const;

describe('realtime data', () => {
  it('is read as it was written, newest first come', async () => {
    const { service } = await openDesk();
    expect(await service.updateTicker(ticker)).toBe('stored');
    expect(await service.updateTicker({ ...ticker, timestamp: minutes(-1), price: 1 })).toBe(
      'stale',
    );
    expect(await service.getTicker('KRW-BTC')).toEqual(ticker);
    expect(await service.getTickers(['KRW-ETH', 'KRW-BTC'])).toEqual([undefined, ticker]);
    await service.updateOrderBook(book);
    expect(await service.getOrderBook('KRW-BTC')).toEqual(book);
    expect((await service.getOrderBook('KRW-BTC', { depth: 1 }))?.bids).toEqual([
      { price: 99, size: 1 },
    ]);
    expect(await service.appendTrades('KRW-BTC', [trade, trade])).toEqual({
      added: 1,
      duplicates: 1,
    });
    expect(await service.getTrades('KRW-BTC')).toEqual([trade]);
    expect(await service.getTrades('KRW-BTC', { since: minutes(1) })).toEqual([]);
    expect(await service.getTrades('KRW-BTC', { limit: 0 })).toEqual([]);
  });

  it('expires', async () => {
    const { service, clock } = await openDesk();
    await service.updateTicker(ticker);
    await service.updateOrderBook(book);
    clock.advance(30_000);
    expect(await service.getOrderBook('KRW-BTC')).toBeUndefined();
    clock.advance(270_000);
    expect(await service.getTicker('KRW-BTC')).toBeUndefined();
  });

  it('never reaches the storage', async () => {
    const { service, storage } = await openDesk();
    const before = await storage.stats();
    await service.updateTicker(ticker);
    await service.updateOrderBook(book);
    await service.appendTrades('KRW-BTC', [trade]);
    await Promise.all([service.getTicker('KRW-BTC'), service.getTrades('KRW-BTC')]);
    const after = await storage.stats();
    expect(after.size).toEqual(before.size);
    expect(Object.keys(after.operations)).toEqual(['stats']);
    expect(await storage.metadata.keys()).toEqual([]);
  });
});

describe('subscribers', () => {
  it('hear of realtime values and of changed candles', async () => {
    const { service, exchange } = await openDesk();
    const heard: MarketDataEvent[] = [];
    const end = service.subscribe({}, (event) => heard.push(event));
    await service.updateTicker(ticker);
    await service.updateOrderBook(book);
    await service.appendTrades('KRW-BTC', [trade]);
    await service.saveCandles(KEY, exchange.candles(KEY, minutes(-2), minutes(0)), {
      covers: { from: minutes(-2), to: minutes(5) },
    });
    await settle();
    expect(heard.map(({ type }) => type)).toEqual([
      'ticker',
      'orderBook',
      'trades',
      'candles',
      'coverage',
    ]);
    expect(heard.at(-1)).toEqual({
      type: 'coverage',
      key: KEY,
      interval: { from: minutes(-2), to: minutes(0) },
      origin: 'local',
    });
    end();
    end();
    await service.updateTicker({ ...ticker, timestamp: minutes(1) });
    await settle();
    expect(heard).toHaveLength(5);
  });

  it('hear only what they select', async () => {
    const { service, exchange } = await openDesk();
    const heard: string[] = [];
    service.subscribe({ types: ['candles'], symbols: ['KRW-BTC'] }, ({ type }) => heard.push(type));
    await service.updateTicker(ticker);
    for (const symbol of ['KRW-BTC', 'KRW-ETH']) {
      await service.saveCandles(
        { ...KEY, symbol },
        exchange.candles(KEY, minutes(-2), minutes(0)),
        {
          covers: { from: minutes(-2), to: minutes(0) },
        },
      );
    }
    await settle();
    expect(heard).toEqual(['candles']);
  });

  it('of one symbol each are found by it: ten thousand share one subscription to the change feed', async () => {
    const storage = new MemoryStorage();
    const { changes } = storage;
    const subscribe = vi.fn(changes.subscribe);
    Object.defineProperty(storage, 'changes', { value: { subscribe } });
    const { service, exchange } = await openDesk({ storage });
    const own = subscribe.mock.calls.length;
    const visited = vi.spyOn(TopicListeners.prototype, 'emit');
    const heard = new Map<string, number>();
    const ends = Array.from({ length: 10_000 }, (_, i) => {
      const symbol = `S${i}`;
      return service.subscribe({ symbols: [symbol] }, () =>
        heard.set(symbol, (heard.get(symbol) ?? 0) + 1),
      );
    });
    expect(subscribe).toHaveBeenCalledTimes(own + 1);
    await service.updateTicker({ ...ticker, symbol: 'S7' });
    const candles = exchange.candles(KEY, minutes(-2), minutes(0));
    await service.saveCandles({ ...KEY, symbol: 'S9' }, candles);
    await settle();
    expect(heard).toEqual(
      new Map([
        ['S7', 1],
        ['S9', 1],
      ]),
    );
    expect(visited.mock.calls.map(([topics]) => topics)).toEqual([
      ['ticker', 'ticker S7'],
      ['candles', 'candles S9'],
    ]);
    for (const end of ends) end();
    await service.saveCandles({ ...KEY, symbol: 'S8' }, candles);
    await settle();
    expect(visited).toHaveBeenCalledTimes(2);
    const late: string[] = [];
    service.subscribe({ types: ['coverage'] }, ({ type }) => late.push(type));
    expect(subscribe).toHaveBeenCalledTimes(own + 2);
    await service.saveCandles(KEY, [], { covers: { from: minutes(-2), to: minutes(0) } });
    await settle();
    expect(late).toEqual(['coverage']);
    vi.restoreAllMocks();
  });

  it.each<[string, unknown]>([
    ['types', { types: ['candle'] }],
    ['types', { types: 'candles' }],
    ['symbol', { symbols: [''] }],
    ['selector', { symbol: 'KRW-BTC' }],
    ['selector', undefined],
  ])('with a fault in %s are refused', async (field, selector) => {
    const { service } = await openDesk();
    expect(() => service.subscribe(selector as object, () => {})).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        details: expect.objectContaining({ field }),
      }),
    );
  });
});

describe('statistics', () => {
  it('count calls, tiers, candles and what the coordinator did', async () => {
    const { clock, service, exchange } = await openDesk();
    await service.getCandles({ ...KEY, limit: 10 });
    await service.getCandles({ ...KEY, limit: 10 });
    exchange.interfere = () => {
      throw new Error('no route to host');
    };
    await service.getCandles({ ...KEY, from: minutes(-50), to: minutes(-40) });
    await service.getTicker('KRW-BTC');
    const { operations, candles, coordinator, cache } = await service.stats();
    expect(operations).toMatchObject({
      getCandles: { calls: 3, failures: 0 },
      getTicker: { calls: 1 },
    });
    expect(candles).toMatchObject({
      served: 20,
      fromCache: 10,
      fromStorage: 0,
      fromCoordinator: 10,
    });
    expect(candles.tiers.map(({ name, hits, misses }) => [name, hits, misses])).toEqual([
      ['answers', 0, 3],
      ['cache', 1, 2],
      ['storage', 1, 0],
    ]);
    expect(coordinator).toMatchObject({
      calls: 2,
      retries: 0,
      failures: 1,
      candles: 10,
      notesLost: 0,
      startsDoubted: 0,
      inFlight: 0,
      waiting: 0,
      breaker: { state: 'closed', failures: 0, retryInMs: 0 },
      lastError: { at: clock.now(), code: 'SOURCE_FAILED', key: KEY },
    });
    expect(cache?.entries).toBe(1);
  });

  it('of storing go to the coordinator', async () => {
    const { service, exchange } = await openDesk();
    await service.getCandles({ ...KEY, from: minutes(-10), to: minutes(0) });
    expect(exchange.feedbacks).toMatchObject([
      {
        request: { ...KEY, from: minutes(-10), to: minutes(0) },
        candles: 10,
        inserted: 10,
        fetchMs: expect.any(Number),
        storeMs: expect.any(Number),
      },
    ]);
  });
});

describe('describeSeries', () => {
  it('tells how complete a series is, and where it came from', async () => {
    const { service, clock } = await openDesk({
      exchange: { trades: (period) => period % 2 === 0 },
    });
    await service.getCandles({ ...KEY, from: minutes(-10), to: minutes(0) });
    const report = await service.describeSeries(KEY, { from: minutes(-20), to: minutes(0) });
    expect(report).toMatchObject({
      key: KEY,
      continuity: {
        candles: 5,
        noTradePeriods: 5,
        missingPeriods: 10,
        missing: [{ from: minutes(-20), to: minutes(-10) }],
      },
      coverage: [{ from: minutes(-10), to: minutes(0), source: 'fake', collectedAt: clock.now() }],
      collectedAt: clock.now(),
      lastError: undefined,
      recordingError: undefined,
      fetching: [],
    });
  });
});
