import { ManualClock, type Ticker } from '@barkeep/core';
import type { RouterEvent } from '@barkeep/source';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryRouter } from '../src/index.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const key = { symbol: 'KRW-BTC', timeframe: '1m' } as const;

let clock: ManualClock;
let router: MemoryRouter;
let events: RouterEvent[];

beforeEach(() => {
  clock = new ManualClock(START + 10_000);
  router = new MemoryRouter({ clock, maxTrades: 3, maxCandles: 2, maxSymbols: 2 });
  events = [];
  router.subscribe((event) => events.push(event));
});

describe('the router in memory', () => {
  it('loses what is sent while it is not connected', () => {
    expect(router.send({ type: 'ticker', ticker: ticker() })).toBe(false);
    expect(events).toEqual([]);
    router.connect();
    expect(router.send({ type: 'ticker', ticker: ticker() })).toBe(true);
    expect(router.getTicker('KRW-BTC')).toEqual(ticker());
  });

  it('tells repeated and late messages as they come, and keeps the newest', () => {
    router.connect();
    for (const at of [2, 1, 2]) router.send({ type: 'ticker', ticker: ticker(at) });
    expect(events.flatMap((it) => (it.type === 'ticker' ? [it.ticker.price] : []))).toEqual([
      3, 2, 3,
    ]);
    expect(router.getTicker('KRW-BTC')).toEqual(ticker(2));
  });

  it('promises anew after a reconnect what it promised before, from the next period on', () => {
    router.connect();
    router.promise(key, START);
    clock.advance(2 * MINUTE);
    router.drop({ lastSeen: START + 50_000 });
    expect(router.connection).toEqual({ status: 'reconnecting', since: START + 50_000 });
    expect(router.streams).toEqual([]);
    router.connect();
    expect(router.streams).toEqual([{ key, since: START + 3 * MINUTE }]);
    expect(events.map(({ type }) => type)).toEqual([
      'connection',
      'stream',
      'connection',
      'connection',
      'stream',
    ]);
  });

  it('promises what it is told to, or nothing', () => {
    router.connect({ streams: [{ key, since: START }] });
    expect(router.streams).toEqual([{ key, since: START }]);
    router.drop();
    router.connect({ streams: [] });
    expect(router.streams).toEqual([]);
  });

  it('ends a promise, and does not make it again', () => {
    router.connect();
    router.promise(key);
    router.endStream(key);
    expect(events.at(-1)).toEqual({ type: 'streamEnded', key, at: START + 10_000 });
    router.drop();
    router.connect();
    expect(router.streams).toEqual([]);
  });

  it('ignores what does not fit its connection, and refuses what breaks a rule', () => {
    router.promise(key);
    router.drop();
    router.alive();
    expect(events).toEqual([]);
    router.connect();
    expect(() => router.promise(key, START + 1)).toThrow('must be the start of a period');
    router.promise(key, START - MINUTE);
    expect(router.streams).toEqual([{ key, since: START }]);
    expect(() =>
      router.send({ type: 'ticker', ticker: { ...ticker(), price: Number.NaN } }),
    ).toThrow('price');
    router.drop({ lastSeen: START + MINUTE });
    expect(router.connection).toEqual({ status: 'reconnecting', since: START + 10_000 });
  });

  it('is alive with what is sent, and when it is told so', () => {
    router.connect();
    clock.advance(MINUTE);
    expect(router.lastSeen).toBe(START + 10_000);
    router.alive();
    expect(router.lastSeen).toBe(clock.now());
  });

  it('tells anything it is asked to tell, and keeps nothing of it', () => {
    router.tell({ type: 'ticker', ticker: { ...ticker(), price: Number.NaN } });
    expect(events).toHaveLength(1);
    expect(router.getTicker('KRW-BTC')).toBeUndefined();
  });

  it('has bounds for trades, candles and symbols', () => {
    router.connect();
    const trades = [4, 1, 3, 2, 5].map((at) => trade(at));
    router.send({ type: 'trades', symbol: 'KRW-BTC', trades });
    expect(router.getTrades('KRW-BTC').map(({ id }) => id)).toEqual(['3', '4', '5']);
    for (const minute of [2, 0, 1]) {
      const candle = { ...flat(), timestamp: START + minute * MINUTE };
      router.send({ type: 'candle', live: { key, candle, asOf: START } });
    }
    const kept = router.getCandles(key).map(({ candle }) => (candle.timestamp - START) / MINUTE);
    expect(kept).toEqual([1, 2]);
    for (const symbol of ['A', 'B', 'A', 'C']) {
      router.send({ type: 'ticker', ticker: { ...ticker(), symbol } });
    }
    expect(['A', 'B', 'C'].map((symbol) => router.getTicker(symbol)?.symbol)).toEqual([
      'A',
      undefined,
      'C',
    ]);
  });

  it('closes for good, and can still be read', () => {
    router.connect();
    router.send({ type: 'ticker', ticker: ticker() });
    router.drop({ lastSeen: START + 10_000 });
    clock.advance(MINUTE);
    router.close();
    router.close();
    expect(router.connection).toEqual({ status: 'closed', since: START + 10_000 });
    expect(events.filter(({ type }) => type === 'connection')).toHaveLength(3);
    router.connect();
    expect(router.connection.status).toBe('closed');
    expect(router.getTicker('KRW-BTC')).toEqual(ticker());
  });
});

function ticker(at = 0): Ticker {
  return { symbol: 'KRW-BTC', timestamp: START + at, price: at + 1 };
}

function trade(at: number) {
  return { id: `${at}`, timestamp: START + at, price: 1, size: 1, side: 'buy' } as const;
}

function flat() {
  return { open: 1, high: 1, low: 1, close: 1, volume: 1 };
}
