import { type EpochMs, identifyTrades, ManualClock, type SeriesKey } from '@barkeep/core';
import {
  AbstractSmartRouter,
  type LiveCandle,
  type MarketEvent,
  type RouterEvent,
} from '@barkeep/source';
import { beforeEach, describe, expect, it } from 'vitest';
import { RecentCandles } from '../src/recent-candles.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const KEY: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };
const { symbol } = KEY;

class Router extends AbstractSmartRouter {
  up = () => this.connected();
  down = (at?: EpochMs) => this.lost(at);
  pong = (at?: EpochMs) => this.alive(at);
  say = (event: MarketEvent) => this.tryTake(event);
  force = (event: MarketEvent) => this.take(event);
  vow = (key: SeriesKey, since?: EpochMs) => this.promise(key, since);
  end = (key: SeriesKey, at?: EpochMs) => this.endStream(key, at);
}

let clock: ManualClock;
let router: Router;
let events: RouterEvent[];

beforeEach(() => {
  clock = new ManualClock(START + 10_000);
  router = new Router('test', { clock });
  events = [];
  router.subscribe((event) => events.push(event));
});

describe('the last sign of life', () => {
  it('begins with the connection, and is each message and pong', () => {
    expect(router.lastSeen).toBeUndefined();
    router.pong();
    router.say(ticker(0));
    expect(router.lastSeen).toBeUndefined();
    router.up();
    expect(router.lastSeen).toBe(START + 10_000);
    clock.advance(MINUTE);
    expect(router.lastSeen).toBe(START + 10_000);
    router.say(ticker(0));
    expect(router.lastSeen).toBe(START + 70_000);
    clock.advance(5_000);
    router.pong(clock.now() - 2_000);
    expect(router.lastSeen).toBe(START + 73_000);
  });

  it('is never ahead of the clock nor before the connection, and no earlier one takes it back', () => {
    router.up();
    router.pong(START - MINUTE);
    expect(router.lastSeen).toBe(START + 10_000);
    router.pong(START + MINUTE);
    router.pong(Number.NaN);
    expect(router.lastSeen).toBe(START + 10_000);
    clock.advance(1_000);
    router.pong();
    router.pong(clock.now() - 500);
    expect(router.lastSeen).toBe(START + 11_000);
  });

  it('stays behind a clock that is set back, and is not moved by one that is set ahead', () => {
    router.up();
    clock.advance(10_000);
    clock.setWallTime(clock.now() - 90_000);
    expect(router.lastSeen).toBe(clock.now() - 10_000);
    clock.advance(MINUTE);
    expect(router.lastSeen).toBe(clock.now() - 70_000);
    router.pong();
    const seen = clock.now();
    clock.setWallTime(clock.now() + 8 * 3_600_000);
    expect(router.lastSeen).toBe(seen);
  });

  it('is what a connection ends with that is closed or lost, whatever its age', () => {
    router.up();
    router.vow(KEY);
    clock.advance(5 * MINUTE);
    router.end(KEY);
    expect(events.at(-1)).toMatchObject({ type: 'streamEnded', at: START + 10_000 });
    router.close();
    expect(router.connection).toEqual({ status: 'closed', since: START + 10_000 });
    expect(router.lastSeen).toBe(START + 10_000);
  });
});

describe('a connection', () => {
  it('that is lost after the clock was set back was lost when nothing more came', () => {
    clock.setWallTime(START + 9 * 60 * MINUTE);
    router.up();
    clock.setWallTime(START);
    clock.advance(MINUTE);
    router.down(START + 5_000);
    expect(router.connection).toEqual({ status: 'reconnecting', since: START + 5_000 });
    router.up();
    clock.setWallTime(START);
    clock.advance(MINUTE);
    router.down();
    expect(router.connection).toEqual({ status: 'reconnecting', since: START });
  });

  it('that is made anew without a loss was lost in between', () => {
    router.up();
    router.vow(KEY);
    clock.advance(MINUTE);
    router.up();
    expect(events.flatMap((it) => (it.type === 'connection' ? [it.connection] : []))).toEqual([
      { status: 'connected', since: START + 10_000 },
      { status: 'reconnecting', since: START + 10_000 },
      { status: 'connected', since: START + 70_000 },
    ]);
    expect(router.streams).toEqual([]);
  });

  it('that is lost twice was lost at the earlier time', () => {
    router.up();
    clock.advance(MINUTE);
    router.down(clock.now());
    router.down(START + 40_000);
    router.down(START + 50_000);
    expect(router.connection).toEqual({ status: 'reconnecting', since: START + 40_000 });
    expect(events).toHaveLength(3);
  });

  it.each([
    ['before it was made', START, START + 10_000],
    ['in the future', START + 9 * MINUTE, START + 70_000],
    ['within a millisecond', START + 20_000.7, START + 20_000],
    ['in seconds', START / 1_000, START + 10_000],
    ['at no time', Number.NaN, START + 10_000],
    ['without a word', undefined, START + 10_000],
  ])('that is lost %s is lost within its time', (_, at, since) => {
    router.up();
    clock.advance(MINUTE);
    router.down(at);
    expect(router.connection).toEqual({ status: 'reconnecting', since });
  });

  it('that is not there takes nothing and promises nothing', () => {
    const tryAll = (): void => {
      router.vow(KEY);
      router.end(KEY);
      router.say(ticker(0));
      router.down(START);
      router.pong();
    };
    tryAll();
    expect(router.connection.status).toBe('connecting');
    router.up();
    router.down();
    const heard = events.length;
    tryAll();
    expect(events).toHaveLength(heard);
    router.close();
    tryAll();
    router.up();
    expect(router.connection.status).toBe('closed');
    expect(router.getTicker(symbol)).toBeUndefined();
  });

  it('begins with an empty memory', () => {
    router.up();
    for (const event of [ticker(0), book(), trades([1]), live(START, 1)]) router.say(event);
    router.down();
    expect(router.getTicker(symbol)).toBeDefined();
    const empty: unknown[] = [];
    router.subscribe(({ type }) => {
      if (type === 'connection') empty.push(router.getTicker(symbol), router.getTrades(symbol));
    });
    router.up();
    expect(empty).toEqual([undefined, []]);
    expect(router.getOrderBook(symbol)).toBeUndefined();
    expect(router.getCandles(KEY)).toEqual([]);
    router.say(trades([1]));
    expect(router.getTrades(symbol)).toHaveLength(1);
  });
});

describe('a bad value', () => {
  it('is returned, or thrown, and told as refused', () => {
    router.up();
    const bad: MarketEvent = { type: 'ticker', ticker: { symbol, timestamp: START, price: NaN } };
    expect(router.say(bad)).toMatchObject({ code: 'INVALID_INPUT', details: { field: 'price' } });
    expect(() => router.force(bad)).toThrow('price');
    expect(router.say(ticker(0))).toBeUndefined();
    expect(events.map(({ type }) => type)).toEqual(['connection', 'refused', 'refused', 'ticker']);
    expect(events[1]).toMatchObject({ error: { details: { field: 'price', timestamp: START } } });
  });

  it('among a hundred trades spoils itself only', () => {
    router.up();
    const event = trades(Array.from({ length: 100 }, (_, i) => i));
    const list = event.trades.map((trade, i) => (i === 42 ? { ...trade, price: NaN } : trade));
    expect(router.say({ ...event, trades: list })?.details).toMatchObject({ index: 42 });
    expect(router.getTrades(symbol)).toHaveLength(99);
    const refused = { field: 'price', rule: 'must be a finite number', timestamp: START + 42 };
    expect(events.slice(1)).toMatchObject([
      { trades: { length: 99 } },
      { type: 'refused', error: { details: refused } },
    ]);
    expect(router.say({ ...event, trades: [{ ...list[42] }] as typeof list })).toBeDefined();
    expect(events.slice(3)).toMatchObject([{ type: 'refused' }]);
  });

  it('is no trade at zero or below, nor one without id or side', () => {
    router.up();
    const bare = { timestamp: START, price: -37.63, size: 1 };
    const page = [bare, { ...bare, price: 0 }, bare];
    for (const part of [page, page.toReversed(), [bare]]) {
      expect(router.say({ type: 'trades', symbol, trades: part })).toBeUndefined();
    }
    const stored = identifyTrades(page);
    expect(router.getTrades(symbol)).toEqual(stored);
    expect(events[1]).toEqual({ type: 'trades', symbol, trades: stored });
    const quote = { symbol, timestamp: START, bid: -1, ask: 0 };
    router.say({ type: 'ticker', ticker: quote });
    expect(router.getTicker(symbol)).toEqual(quote);
  });

  it('of a candle ends the promise before its period, and the next one begins anew', () => {
    router.up();
    router.vow(KEY, START);
    clock.advance(2 * MINUTE);
    router.say({ type: 'candle', live: { ...live(START + MINUTE, 1).live, asOf: NaN } });
    expect(events.slice(-3)).toMatchObject([
      { type: 'streamEnded', key: KEY, at: START + MINUTE },
      { type: 'stream', stream: { key: KEY, since: START + 3 * MINUTE } },
      { type: 'refused', error: { details: { field: 'asOf' } } },
    ]);
    const heard = events.length;
    clock.advance(10 * MINUTE);
    router.say({ type: 'candle', live: { ...live(START, 1).live, asOf: Number.NaN } });
    expect(events.slice(heard)).toMatchObject([{ type: 'refused' }]);
  });

  it('that lies far ahead is reported, and does not pass for the latest', () => {
    router.up();
    const later = 9 * 3_600_000;
    expect(router.say(ticker(later))?.details).toMatchObject({ field: 'timestamp' });
    expect(router.say(live(START + later, later))).toBeDefined();
    expect(router.say(live(START, later))?.details).toMatchObject({ field: 'asOf' });
    router.say({ ...trades([1, 2]), trades: [{ ...trades([1]).trades[0], id: 'x' } as never] });
    router.say(ticker(1));
    router.say(live(START, 1));
    expect(router.getTicker(symbol)?.timestamp).toBe(START + 1);
    expect(router.getCandles(KEY).map(({ asOf }) => asOf)).toEqual([START + 1]);
    expect(events.filter(({ type }) => type === 'ticker')).toHaveLength(2);
  });

  it('of a promise is the only one that throws', () => {
    router.up();
    expect(() => router.vow(KEY, START + 1)).toThrow('must be the start of a period');
    expect(() => router.vow({ ...KEY, symbol: '' })).toThrow('symbol');
    router.vow(KEY, START - 60 * MINUTE);
    expect(router.streams).toEqual([{ key: KEY, since: START }]);
  });
});

describe('a flood', () => {
  it('of states of the latest candle costs the same each, however many candles are kept', () => {
    let reads = 0;
    const counted = (timestamp: number, asOf: number): LiveCandle => {
      const { candle, key } = live(timestamp, asOf).live;
      return {
        key,
        asOf,
        candle: Object.defineProperty({ ...candle }, 'timestamp', {
          get: () => {
            reads += 1;
            return timestamp;
          },
        }),
      };
    };
    const recent = new RecentCandles(100);
    for (let i = 0; i < 100; i += 1) recent.add(counted(START + i * MINUTE, i));
    reads = 0;
    for (let i = 0; i < 1_000; i += 1) recent.add(counted(START + 99 * MINUTE, 100 + i));
    expect(reads).toBeLessThan(5_000);
    expect(recent.list).toHaveLength(100);
    expect(recent.list.at(-1)?.asOf).toBe(1_099);
  });

  it('of old pages into a full list changes nothing', () => {
    router = new Router('test', { clock, maxTrades: 10 });
    router.up();
    router.say(trades(Array.from({ length: 10 }, (_, i) => 100 + i)));
    const before = router.getTrades(symbol);
    router.say(trades(Array.from({ length: 50 }, (_, i) => 50 - i)));
    expect(router.getTrades(symbol)).toBe(before);
  });
});

function ticker(at: number): MarketEvent {
  return { type: 'ticker', ticker: { symbol, timestamp: START + at, price: 1 } };
}

function book(): MarketEvent {
  return { type: 'orderBook', book: { symbol, timestamp: START, bids: [], asks: [] } };
}

function trades(numbers: readonly number[]): MarketEvent & { readonly type: 'trades' } {
  const trade = { price: 1, size: 1, side: 'buy' } as const;
  return {
    type: 'trades',
    symbol,
    trades: numbers.map((i) => ({ ...trade, id: `${i}`, timestamp: START + i })),
  };
}

function live(timestamp: EpochMs, at: number): MarketEvent & { readonly type: 'candle' } {
  const candle = { timestamp, open: 1, high: 1, low: 1, close: 1, volume: 1 };
  return { type: 'candle', live: { key: KEY, candle, asOf: START + at } };
}
