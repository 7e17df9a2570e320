import { type Clock, ManualClock } from '@barkeep/core';
import type { RealtimeEvent } from '@barkeep/realtime';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasRedisServer, type OwnTestRedis, startOwnTestRedis } from '../../../tools/test-redis.ts';
import { RedisRealtime, type RedisRealtimeOptions } from '../src/index.ts';
import { book, ticker, trade, trades } from './market.ts';
import { ageKeys } from './server-clock.ts';

const HOUR = 3_600_000;

describe.skipIf(!hasRedisServer())('clocks', () => {
  let redis: OwnTestRedis;
  let raw: Redis;
  let handles: RedisRealtime[];

  beforeAll(async () => {
    redis = await startOwnTestRedis();
    raw = new Redis(redis.url);
  });

  afterAll(async () => {
    raw.disconnect();
    await redis.stop();
  });

  beforeEach(async () => {
    handles = [];
    await raw.flushall();
  });

  afterEach(async () => {
    await Promise.all(handles.map((handle) => handle.close()));
  });

  async function open(options: Partial<RedisRealtimeOptions> = {}): Promise<RedisRealtime> {
    const handle = new RedisRealtime({ url: redis.url, ...options });
    handles.push(handle);
    await handle.open();
    return handle;
  }

  /** The machine's, behind or ahead. */
  function wrongClock(byMs: number): Clock {
    const clock = new ManualClock(Date.now() + byMs);
    return {
      now: () => Date.now() + byMs,
      monotonic: () => performance.now(),
      setTimer: (callback, ms) => clock.setTimer(callback, ms),
    };
  }

  it.each([-9 * HOUR, -40_000, 40_000, 9 * HOUR])(
    'a process whose clock is off by %s ms and the others read what each of them writes',
    async (byMs) => {
      const wrong = await open({ clock: wrongClock(byMs) });
      const right = await open();
      const near = await open({ nearCache: true });
      const wrongNear = await open({ nearCache: true, clock: wrongClock(byMs) });
      const all = [wrong, right, near, wrongNear];
      const heard: RealtimeEvent[] = [];
      near.subscribe({}, (event) => heard.push(event));
      for (const [i, writer] of all.entries()) {
        const symbol = `S${i}`;
        await writer.tickers.set(ticker(symbol));
        await writer.orderBooks.set(book(symbol));
        await writer.trades.append(symbol, trades(0, 3));
        expect(await raw.pttl(`barkeep:{${symbol}}:b`)).toBeGreaterThan(20_000);
        // Twice: the second time from memory, where there is a near-cache.
        for (const reader of [...all, ...all]) {
          expect(await reader.tickers.get(symbol)).toEqual(ticker(symbol));
          expect(await reader.orderBooks.get(symbol)).toEqual(book(symbol));
          expect(await reader.orderBooks.getMany([symbol])).toEqual([book(symbol)]);
          expect(await reader.trades.recent(symbol)).toEqual(trades(0, 3));
          expect((await reader.trades.replay(symbol)).trades).toEqual(trades(0, 3));
        }
      }
      await expect.poll(() => heard.length).toBe(12);
      // And they expire, for all at once.
      await ageKeys([raw], 'barkeep:', 30_000);
      for (const reader of [wrong, right]) {
        expect(await reader.orderBooks.getMany(['S0', 'S1'])).toEqual([undefined, undefined]);
      }
    },
  );

  it.each([-9 * HOUR, 9 * HOUR])(
    'nothing is lost and nothing blocked when a clock is set by %s ms, and set right',
    async (byMs) => {
      const clock = new ManualClock(Date.now());
      const realtime = await open({ clock, nearCache: true });
      const events: RealtimeEvent[] = [];
      realtime.subscribe({ types: ['ticker'] }, (event) => events.push(event));
      for (let i = 0; i < 6; i += 1) {
        const now = { symbol: 'A', timestamp: Date.now() + i, price: i };
        expect(await realtime.tickers.set(now)).toBe('stored');
        expect(await realtime.tickers.get('A')).toEqual(now);
        clock.setWallTime(clock.now() + (i % 2 === 0 ? byMs : -byMs));
        expect(await realtime.tickers.get('A')).toEqual(now);
        clock.advance(10_000);
        expect(await realtime.tickers.get('A')).toEqual(now);
      }
      await expect.poll(() => events.length).toBe(6);
      expect(events.map(({ type }) => type)).toEqual(Array(6).fill('ticker'));
    },
  );

  it('the near-cache keeps nothing for longer, though its clock is set back', async () => {
    const clock = new ManualClock();
    const near = await open({ clock, nearCache: true });
    const other = await open();
    await other.orderBooks.set(book('A', 1));
    await near.orderBooks.get('A');
    // Pushed, and read.
    await other.orderBooks.set(book('A', 2));
    await expect.poll(() => near.orderBooks.get('A')).toEqual(book('A', 2));
    await near.tickers.set(ticker('B'));
    await near.tickers.get('B');
    await raw.del('barkeep:{A}:b', 'barkeep:{B}:t');
    clock.setWallTime(clock.now() - HOUR);
    clock.advance(29_000);
    expect(await near.orderBooks.get('A')).toEqual(book('A', 2));
    clock.advance(1_000);
    expect(await near.orderBooks.get('A')).toBeUndefined();
    clock.advance(269_000);
    expect(await near.tickers.get('B')).toEqual(ticker('B'));
    clock.advance(1_000);
    expect(await near.tickers.get('B')).toBeUndefined();
  });

  it('the near-cache forgets what it had before the machine slept', async () => {
    const clock = new ManualClock();
    const near = await open({ clock, nearCache: true });
    await near.tickers.set(ticker('A'));
    expect(await near.tickers.get('A')).toEqual(ticker('A'));
    // By another way than Barkeep's, so that nothing is told of it.
    await raw.del('barkeep:{A}:t');
    expect(await near.tickers.get('A')).toEqual(ticker('A'));
    clock.setWallTime(clock.now() + 60_000);
    clock.advance(5_000);
    expect(await near.tickers.get('A')).toBeUndefined();
  });

  it('news that was long under way lives no longer than the value in Redis', async () => {
    const near = await open({ nearCache: true });
    await near.orderBooks.set(book('A', 1));
    await near.orderBooks.get('A');
    const late = Date.now() - 29_000;
    const value = await raw.get('barkeep:{A}:b');
    const next = Number(await raw.get('barkeep:{%}:n')) + 1;
    const header = ['barkeep:{%}:n', `${next}`, `${late}`, '300000', '30000'];
    const changed = String(value).replace('[1,101,', '[1,555,');
    await raw.publish('barkeep:{%}:live', [...header, '=', 'barkeep:{A}:b', changed].join('\0'));
    await expect.poll(async () => (await near.orderBooks.get('A'))?.bids[0]?.price).toBe(555);
    // A second of its life was left: then Redis is asked again, which has the one that was not changed.
    await expect
      .poll(async () => (await near.orderBooks.get('A'))?.bids[0]?.price, { timeout: 5_000 })
      .toBe(101);
  });

  it('a shorter life of another writer ends no trades before their time', async () => {
    const brief = await open({ expiry: { tradesMs: 1_000 } });
    const long = await open();
    await long.trades.append('A', [trade(1)]);
    await brief.trades.append('A', [trade(2)]);
    await ageKeys([raw], 'barkeep:', 1_000);
    expect(await long.trades.recent('A')).toEqual([trade(1)]);
    expect(await brief.trades.recent('A', { limit: 1 })).toEqual([trade(1)]);
  });

  it('what lies ahead of the server’s clock keeps out only what does too', async () => {
    const wrong = await open({ clock: wrongClock(9 * HOUR) });
    const right = await open();
    const at = (timestamp: number): { symbol: string; timestamp: number; price: number } => ({
      symbol: 'A',
      timestamp,
      price: 1,
    });
    const now = Date.now();
    expect(await wrong.tickers.set(at(now + 9 * HOUR))).toBe('stored');
    expect(await wrong.tickers.set(at(now + 8 * HOUR))).toBe('stale');
    expect(await right.tickers.set(at(now))).toBe('stored');
    expect(await right.tickers.set(at(now + 300_000))).toBe('stored');
    expect(await right.tickers.set(at(now))).toBe('stale');
    const strict = await open({ maxAheadMs: 60_000 });
    expect(await strict.tickers.set(at(now))).toBe('stored');
  });

  it('a sweep removes trades whose symbol has younger ones, a slice at a time, and counts what expired', async () => {
    const clock = new ManualClock();
    const realtime = await open({ clock, maxTradesPerSymbol: 1_000 });
    await realtime.tickers.set(ticker('A'));
    await realtime.trades.append('A', trades(0, 700));
    await ageKeys([raw], 'barkeep:', 400_000);
    clock.advance(400_000);
    await realtime.trades.append('A', trades(700, 710));
    await ageKeys([raw], 'barkeep:', 200_000);
    expect((await realtime.stats()).trades).toBe(710);
    const before = (await realtime.stats()).expirations;
    clock.advance(200_000);
    await realtime.sweep();
    const { trades: left, expirations } = await realtime.stats();
    expect(left).toBe(10);
    // And the ticker.
    expect(expirations - before).toBe(701);
    expect(await realtime.trades.recent('A')).toEqual(trades(700, 710));
  });
});
