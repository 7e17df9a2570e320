import { ManualClock, type TradingHours } from '@barkeep/core';
import { expect, it } from 'vitest';
import { MemoryRealtime } from '../src/index.ts';

const MINUTE = 60_000;
const symbol = '005930.KS';
const tradingHours: TradingHours = {
  timeZone: 'Asia/Seoul',
  sessions: [{ days: [1, 2, 3, 4, 5], opens: '09:00', closes: '15:30' }],
};

it('keeps the last values before the close until trading goes on', async () => {
  // Friday, 15:29 in Seoul.
  const clock = new ManualClock(Date.parse('2026-09-25T06:29:00Z'));
  await using realtime = new MemoryRealtime({ clock, tradingHours });
  await realtime.open();
  const timestamp = clock.now();
  const ticker = { symbol, timestamp, price: 1 };
  const trade = { id: '1', timestamp, price: 1, size: 1, side: 'buy' } as const;
  await realtime.tickers.set(ticker);
  await realtime.orderBooks.set({ symbol, timestamp, bids: [], asks: [] });
  await realtime.trades.append(symbol, [trade]);

  clock.advance(MINUTE);
  expect(await realtime.orderBooks.get(symbol)).toBeUndefined();
  // Monday, 09:03: the fourth minute of trading since.
  clock.advanceTo(Date.parse('2026-09-28T00:03:59.999Z'));
  expect(await realtime.tickers.get(symbol)).toEqual(ticker);
  clock.advance(1);
  expect(await realtime.tickers.get(symbol)).toBeUndefined();
  expect(await realtime.trades.recent(symbol)).toEqual([trade]);
  clock.advance(5 * MINUTE);
  expect(await realtime.trades.recent(symbol)).toEqual([]);
});
