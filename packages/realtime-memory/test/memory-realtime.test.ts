import { ManualClock, type OrderBook, type Trade } from '@barkeep/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryRealtime } from '../src/index.ts';

const at = Date.UTC(2026, 0, 1);
let clock: ManualClock;
let realtime: MemoryRealtime;

beforeEach(async () => {
  clock = new ManualClock();
  realtime = new MemoryRealtime({ clock, maxSymbols: 3, maxTradesPerSymbol: 20 });
  await realtime.open();
});

afterEach(() => realtime.close());

describe('bounds', () => {
  it('drops all of the least recently used symbol', async () => {
    for (const symbol of ['A', 'B', 'C']) {
      await realtime.tickers.set({ symbol, timestamp: at, price: 1 });
      await realtime.trades.append(symbol, [trade('1'), trade('2')]);
    }
    await realtime.tickers.get('A');
    await realtime.tickers.set({ symbol: 'D', timestamp: at, price: 1 });
    expect(await realtime.tickers.get('B')).toBeUndefined();
    expect(await realtime.trades.recent('B')).toEqual([]);
    expect(await realtime.stats()).toMatchObject({ tickers: 3, trades: 4, evictions: 3 });
  });

  it('keeps its bytes below the bound', async () => {
    const small = new MemoryRealtime({ clock, maxBytes: 20_000 });
    await small.open();
    for (let i = 0; i < 50; i += 1) {
      await small.trades.append(`S${i}`, [trade(`${i}`), trade(`${i}-2`)]);
      expect((await small.stats()).bytes).toBeLessThanOrEqual(20_000);
    }
    const { trades, evictions } = await small.stats();
    expect(trades).toBeGreaterThan(10);
    expect(trades + evictions).toBe(100);
    await small.close();
  });

  it('gives memory back when trades expire', async () => {
    await realtime.trades.append(
      'A',
      Array.from({ length: 19 }, (_, i) => trade(`${i}`)),
    );
    const before = (await realtime.stats()).bytes;
    clock.advance(300_000);
    await realtime.trades.append('A', [trade('late')]);
    clock.advance(300_000);
    await realtime.sweep();
    const after = await realtime.stats();
    expect(after).toMatchObject({ trades: 1, expirations: 19 });
    expect(after.bytes).toBeLessThan(before);
    expect(await realtime.trades.recent('A')).toEqual([trade('late')]);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a bound of %s', (bound) => {
    for (const field of ['maxSymbols', 'maxTradesPerSymbol', 'maxBookDepth', 'maxBytes']) {
      expect(() => new MemoryRealtime({ [field]: bound })).toThrow(`${field} must be`);
    }
  });
});

describe('tickers', () => {
  it('come back frozen, and the same object while they are the latest', async () => {
    await realtime.tickers.set({ symbol: 'A', timestamp: at, price: 1 });
    const first = await realtime.tickers.get('A');
    expect(Object.isFrozen(first)).toBe(true);
    expect(await realtime.tickers.get('A')).toBe(first);
    await realtime.tickers.set({ symbol: 'A', timestamp: at, price: 2 });
    expect(await realtime.tickers.get('A')).toEqual({ symbol: 'A', timestamp: at, price: 2 });
    clock.advance(300_000);
    expect(await realtime.tickers.get('A')).toBeUndefined();
  });
});

describe('order books', () => {
  const book = (price: number): OrderBook => ({
    symbol: 'A',
    timestamp: at,
    bids: [
      { price, size: 1 },
      { price: price - 1, size: 2 },
    ],
    asks: [{ price: price + 1, size: 3 }],
  });

  it('come back whole as one frozen object while they are the latest', async () => {
    await realtime.orderBooks.set(book(10));
    const first = await realtime.orderBooks.get('A');
    expect(first).toEqual(book(10));
    expect(await realtime.orderBooks.get('A')).toBe(first);
    for (const part of [first, first?.bids, first?.bids[1], first?.asks, first?.asks[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    await realtime.orderBooks.set(book(20));
    expect(await realtime.orderBooks.get('A')).toEqual(book(20));
    expect(first).toEqual(book(10));
  });

  it('are not at hand once they are expired, deleted or evicted', async () => {
    const held: unknown[] = [];
    const storeAndRead = async (): Promise<void> => {
      await realtime.orderBooks.set(book(10));
      held.push(await realtime.orderBooks.get('A'));
    };
    await storeAndRead();
    clock.advance(30_000);
    expect(await realtime.orderBooks.get('A')).toBeUndefined();
    await storeAndRead();
    await realtime.orderBooks.delete('A');
    expect(await realtime.orderBooks.get('A')).toBeUndefined();
    await storeAndRead();
    for (const symbol of ['B', 'C', 'D']) {
      await realtime.tickers.set({ symbol, timestamp: at, price: 1 });
    }
    expect(await realtime.orderBooks.get('A')).toBeUndefined();
    expect(held).toEqual([book(10), book(10), book(10)]);
    expect(await realtime.stats()).toMatchObject({ hits: 3, misses: 3 });
  });

  it('come back cut to a depth as objects of the reader’s own', async () => {
    await realtime.orderBooks.set(book(10));
    const cut = await realtime.orderBooks.get('A', { depth: 1 });
    expect(cut).toEqual({ ...book(10), bids: [{ price: 10, size: 1 }] });
    expect(Object.isFrozen(cut)).toBe(false);
    expect(await realtime.orderBooks.get('A', { depth: 1 })).not.toBe(cut);
  });

  it('refuse a symbol that is none, and a handle that is closed', async () => {
    await expect(realtime.orderBooks.get('')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await realtime.orderBooks.set(book(10));
    await realtime.orderBooks.get('A');
    await realtime.close();
    await expect(realtime.orderBooks.get('A')).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});

describe('replay', () => {
  it('reports no gap after a quiet time in which seen trades expired', async () => {
    await realtime.trades.append('A', [trade('1')]);
    const { cursor } = await realtime.trades.replay('A');
    clock.advance(3_600_000);
    await realtime.sweep();
    await realtime.trades.append('A', [trade('2')]);
    expect(await realtime.trades.replay('A', { after: cursor })).toMatchObject({
      trades: [trade('2')],
      gap: false,
    });
  });

  it('reports a gap when unseen trades expired, even if the symbol has new ones', async () => {
    const { cursor } = await realtime.trades.replay('A');
    await realtime.trades.append('A', [trade('1')]);
    clock.advance(3_600_000);
    await realtime.sweep();
    await realtime.trades.append('A', [trade('2')]);
    expect(await realtime.trades.replay('A', { after: cursor })).toMatchObject({
      trades: [trade('2')],
      gap: true,
    });
  });

  it('reports a gap to a cursor of another instance', async () => {
    const other = new MemoryRealtime({ clock });
    await other.open();
    const { cursor } = await other.trades.replay('A');
    await other.close();
    await realtime.trades.append('A', [trade('1')]);
    expect(await realtime.trades.replay('A', { after: cursor })).toMatchObject({
      trades: [trade('1')],
      gap: true,
    });
  });
});

function trade(id: string): Trade {
  return { id, timestamp: at, price: 100, size: 1, side: 'sell' };
}
