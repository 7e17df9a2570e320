import type { OrderBook, Ticker, Trade } from '@barkeep/core';

export const AT = Date.UTC(2026, 0, 1);

export function ticker(symbol: string, i = 0): Ticker {
  return { symbol, timestamp: AT + i, price: 100 + i };
}

export function book(symbol: string, i = 0): OrderBook {
  return {
    symbol,
    timestamp: AT + i,
    bids: [{ price: 100 + i, size: 1 }],
    asks: [{ price: 101 + i, size: 2 }],
  };
}

export function trade(id: number | string): Trade {
  return { id: `${id}`, timestamp: AT, price: 100, size: 1, side: 'sell' };
}

/** The trades `[from, to)`. */
export function trades(from: number, to: number): Trade[] {
  return Array.from({ length: to - from }, (_, i) => trade(from + i));
}
