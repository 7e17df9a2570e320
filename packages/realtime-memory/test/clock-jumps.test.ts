import { type Clock, ManualClock, type TradingHours } from '@barkeep/core';
import { expect, it, onTestFinished } from 'vitest';
import { MemoryRealtime, type MemoryRealtimeOptions } from '../src/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function opened(options: MemoryRealtimeOptions): Promise<MemoryRealtime> {
  const realtime = new MemoryRealtime(options);
  await realtime.open();
  onTestFinished(() => realtime.close());
  return realtime;
}

it('drops what expired while the machine slept', async () => {
  const clock = new ManualClock();
  const realtime = await opened({ clock });
  const { id, ...trade } = { id: '1', timestamp: clock.now(), price: 1 };
  await realtime.tickers.set({ symbol: 'A', ...trade });
  await realtime.trades.append('A', [{ id, ...trade, size: 1, side: 'buy' }]);
  // No timer has fired, and the clock's monotonic time stood still.
  clock.setWallTime(clock.now() + 8 * HOUR);
  expect(await realtime.tickers.get('A')).toBeUndefined();
  expect(await realtime.trades.recent('A')).toEqual([]);
});

it('ends lives in time by a clock without monotonic that is set back again and again', async () => {
  const clock = new ManualClock();
  const wallOnly: Clock = {
    now: () => clock.now(),
    setTimer: (callback, ms) => clock.setTimer(callback, ms),
  };
  const realtime = await opened({ clock: wallOnly });
  await realtime.tickers.set({ symbol: 'A', timestamp: clock.now(), price: 1 });
  for (let i = 0; i < 5; i += 1) {
    clock.setWallTime(clock.now() - HOUR);
    // Half a minute, as a sweep comes by.
    clock.advance(MINUTE / 2);
    expect(await realtime.tickers.get('A')).toBeDefined();
    clock.advance(MINUTE / 2);
  }
  expect(await realtime.tickers.get('A')).toBeUndefined();
  expect(await realtime.stats()).toMatchObject({ tickers: 0, expirations: 1 });
});

it('is not blocked by what came while the clock was ahead, however long it lives', async () => {
  const clock = new ManualClock();
  const right = clock.now();
  const realtime = await opened({ clock, expiry: { tickerMs: Infinity, orderBookMs: Infinity } });
  clock.setWallTime(right + 9 * HOUR);
  const wrong = { symbol: 'A', timestamp: clock.now(), price: 1 };
  await realtime.tickers.set(wrong);
  await realtime.orderBooks.set({ symbol: 'A', timestamp: clock.now(), bids: [], asks: [] });
  clock.setWallTime(right);
  const ticker = { symbol: 'A', timestamp: right, price: 2 };
  expect(await realtime.tickers.set(ticker)).toBe('stored');
  const book = { symbol: 'A', timestamp: right, bids: [], asks: [] };
  expect(await realtime.orderBooks.set(book)).toBe('stored');
  expect(await realtime.tickers.get('A')).toEqual(ticker);
});

it('lets what lies ahead by less keep older ones out, for no longer than it lies ahead', async () => {
  const clock = new ManualClock();
  const realtime = await opened({ clock, expiry: { tickerMs: Infinity }, maxAheadMs: 5 * MINUTE });
  const set = (aheadMs: number): Promise<string> =>
    realtime.tickers.set({ symbol: 'A', timestamp: clock.now() + aheadMs, price: 1 });
  expect(await set(5 * MINUTE)).toBe('stored');
  expect(await set(0)).toBe('stale');
  clock.advance(5 * MINUTE);
  expect(await set(0)).toBe('stored');
  expect(await set(5 * MINUTE + 1)).toBe('stored');
  expect(await set(0)).toBe('stored');
});

it.each([-1, Number.NaN, '5', null])('refuses a maxAheadMs of %s', (maxAheadMs) => {
  const options = { maxAheadMs } as MemoryRealtimeOptions;
  expect(() => new MemoryRealtime(options)).toThrow(/maxAheadMs must be/);
});

it('keeps to the trading hours it looked up, whatever the clock is set to afterwards', async () => {
  const tradingHours: TradingHours = {
    timeZone: 'Asia/Seoul',
    sessions: [{ days: [1, 2, 3, 4, 5], opens: '09:00', closes: '15:30' }],
  };
  // Friday, 15:29 in Seoul: it lives until Monday, 09:04.
  const clock = new ManualClock(Date.parse('2026-09-25T06:29:00Z'));
  const realtime = await opened({ clock, tradingHours });
  const ticker = { symbol: 'S', timestamp: clock.now(), price: 1 };
  await realtime.tickers.set(ticker);
  const lifeMs = Date.parse('2026-09-28T00:04:00Z') - clock.now();
  clock.setWallTime(clock.now() - 100 * HOUR);
  clock.advance(lifeMs - 1);
  expect(await realtime.tickers.get('S')).toEqual(ticker);
  clock.advance(1);
  expect(await realtime.tickers.get('S')).toBeUndefined();
});
