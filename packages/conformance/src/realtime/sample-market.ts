import type { EpochMs, OrderBook, Ticker, Trade } from '@barkeep/core';

/** Past by every clock. */
export const START: EpochMs = Date.UTC(2024, 0, 1);
export const SYMBOL = 'KRW-BTC';
export const OTHER = 'KRW-ETH';

/** For the suites of ports. */
export const HOSTILE_SYMBOLS: readonly string[] = [
  'BTC_USDT',
  'BTC%',
  'BTC:PERP',
  '1000*',
  '비트코인',
  '🚀',
  '__proto__',
  'constructor',
  'toString',
  '{BTC}',
  'a{b}c',
  '[A-Z]',
  '?',
  ' ',
  '../up',
  'btc',
  'BTC',
  'BTC ',
  '\n',
  'x'.repeat(512),
];

const PRICE = 1_000_000;

/** A ticker whose price tells when it was made. */
export function sampleTicker(at = 0, symbol: string = SYMBOL): Ticker {
  return { symbol, timestamp: START + at, price: PRICE + at };
}

/** A book whose best bid tells when it was made. */
export function sampleBook(at = 0, symbol: string = SYMBOL, levels = 5): OrderBook {
  const bid = PRICE + at;
  return {
    symbol,
    timestamp: START + at,
    bids: Array.from({ length: levels }, (_, i) => ({ price: bid - i / 8, size: i / 3 })),
    asks: Array.from({ length: levels }, (_, i) => ({ price: bid + 1 + i / 8, size: 1 / (i + 3) })),
  };
}

/** A trade of its own second. */
export function sampleTrade(i: number, change: Partial<Trade> = {}): Trade {
  return {
    id: `t${i}`,
    timestamp: START + i * 1_000,
    price: PRICE + i / 8,
    size: Math.abs(i + 1) / 3,
    side: i % 2 === 0 ? 'buy' : 'sell',
    ...change,
  };
}

/** The trades `[from, to)`. */
export function sampleTrades(from: number, to: number): Trade[] {
  return Array.from({ length: to - from }, (_, i) => sampleTrade(from + i));
}
