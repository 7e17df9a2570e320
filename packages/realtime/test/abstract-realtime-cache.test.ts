import { BarkeepError, ManualClock, MIN_EPOCH_MS, type OrderBook, type Trade } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import type { AbstractRealtimeOptions, RealtimeCapabilities, RealtimeEvent } from '../src/index.ts';
import { RemoteRealtime, ticker } from './remote-realtime.ts';

const book: OrderBook = { ...ticker, bids: [{ price: 1, size: 2 }], asks: [] };
const trade: Trade = { id: '1', timestamp: ticker.timestamp, price: 1, size: 1, side: 'buy' };

describe('AbstractRealtimeCache', () => {
  it('serves adapters whose answers come later', async () => {
    const realtime = await opened();
    expect(await realtime.tickers.set(ticker)).toBe('stored');
    expect(await realtime.tickers.get('A')).toMatchObject({ symbol: 'A' });
    expect(await realtime.tickers.getMany(['A', 'B'])).toMatchObject([
      { symbol: 'A' },
      { symbol: 'B' },
    ]);
    expect(await realtime.orderBooks.getMany(['A', 'B'])).toEqual([undefined, undefined]);
    expect(await realtime.sweep()).toBe(2);
    expect(await realtime.stats()).toEqual({
      tickers: 1,
      orderBooks: 2,
      trades: 3,
      bytes: 4,
      hits: 3,
      misses: 2,
      stored: 1,
      stale: 0,
      duplicates: 0,
      expirations: 2,
      evictions: 0,
      unreadable: 0,
      operations: {
        'tickers.set': expect.objectContaining({ calls: 1, failures: 0 }),
        'tickers.get': expect.objectContaining({ calls: 1 }),
        'tickers.getMany': expect.objectContaining({ calls: 1 }),
        'orderBooks.getMany': expect.objectContaining({ calls: 1 }),
        sweep: expect.objectContaining({ calls: 1 }),
        stats: expect.objectContaining({ calls: 1 }),
      },
    });
  });

  it('hands adapters checked and complete arguments', async () => {
    const realtime = await opened();
    await realtime.orderBooks.get('A');
    await realtime.trades.recent('A');
    await realtime.trades.append('A', [trade, trade]);
    await realtime.trades.append('A', []);
    await realtime.trades.recent('A', { limit: 0 });
    await realtime.trades.replay('A');
    expect(realtime.received).toEqual([
      ['A', Number.POSITIVE_INFINITY],
      ['A', { limit: Number.POSITIVE_INFINITY, since: MIN_EPOCH_MS }],
      ['A', [trade]],
      ['A', undefined],
    ]);
  });

  it('makes every failure a BarkeepError', async () => {
    const realtime = await opened();
    realtime.fault = new BarkeepError('UNAVAILABLE', 'gone', { retryable: true });
    await expect(realtime.tickers.get('A')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    realtime.fault = new TypeError('a bug');
    await expect(realtime.tickers.get('A')).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(realtime.trades.append('A', [trade])).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await realtime.stats()).toMatchObject({ hits: 0, misses: 0, stored: 0 });
  });

  it('leaves the events of shared values to the adapter', async () => {
    const realtime = await opened('multi-process');
    const events: RealtimeEvent[] = [];
    realtime.subscribe({}, (event) => events.push(event));
    await realtime.tickers.set(ticker);
    await realtime.orderBooks.set(book);
    await realtime.trades.append('A', [trade]);
    expect(events).toEqual([]);
    realtime.report({ type: 'ticker', ticker });
    expect(events).toEqual([{ type: 'ticker', ticker }]);
  });

  it('tells every subscriber when events were lost', async () => {
    const realtime = await opened('multi-process');
    const events: RealtimeEvent[] = [];
    realtime.subscribe({ types: ['trades'], symbols: ['X'] }, (event) => events.push(event));
    realtime.report({ type: 'lagged' });
    expect(events).toEqual([{ type: 'lagged' }]);
  });

  it('refuses a listener that is no function', async () => {
    const realtime = await opened();
    expect(() => realtime.subscribe({}, undefined as never)).toThrow(TypeError);
  });

  it('fills the expiries that are not given', () => {
    const { lives } = new RemoteRealtime('process', { expiry: { orderBookMs: 5 } });
    expect(lives).toEqual({ tickerMs: 300_000, orderBookMs: 5, tradesMs: 600_000 });
  });

  it.each([0, -1, Number.NaN, '5', null])('refuses an expiry of %s', (tickerMs) => {
    const expiry = { tickerMs } as AbstractRealtimeOptions['expiry'];
    expect(() => new RemoteRealtime('process', { expiry })).toThrow(/expiry\.tickerMs must be/);
  });

  it('refuses an unknown kind of expiry', () => {
    const expiry = { ticker: 5 } as AbstractRealtimeOptions['expiry'];
    expect(() => new RemoteRealtime('process', { expiry })).toThrow(/expiry/);
  });
});

async function opened(sharing?: RealtimeCapabilities['sharing']): Promise<RemoteRealtime> {
  const realtime = new RemoteRealtime(sharing, { clock: new ManualClock() });
  await realtime.open();
  return realtime;
}
