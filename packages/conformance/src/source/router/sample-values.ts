import type { EpochMs, OrderBook, Ticker, Trade } from '@barkeep/core';

/** When the first values were made: an hour before the clock of a scenario begins. */
const START: EpochMs = Date.UTC(2026, 0, 1) - 3_600_000;

/** Symbols that are easily taken for one another, or for something that a program knows already. */
export const ALIKE_SYMBOLS: readonly (readonly [string, string])[] = [
  ['KRW-BTC', 'KRW-ETH'],
  ['BTC', 'btc'],
  ['BTC', 'BTC '],
  ['constructor', '__proto__'],
  ['caf\u00e9', 'cafe\u0301'],
  ['BTC_USDT', 'BTC%USDT'],
  ['1000', '1000*'],
  ['a', 'a:1m'],
  ['{BTC}', '[A-Z]'],
  ['x'.repeat(512), `${'x'.repeat(511)}y`],
  ['🚀', '\n'],
];

/** Each field tells its number: the higher, the later. */
export function sampleTicker(symbol: string, n: number, at: EpochMs = instant(n)): Ticker {
  const price = 1_000 + n / 8;
  const change = { previousClose: price + 7, change: -7, changeRate: -7 / (price + 7) };
  const day = { open: price / 3, high: price * 2, low: 1e-8, volume: n / 3, quoteVolume: 1e300 };
  return { symbol, timestamp: at, price, ...change, ...day, bid: price - 0.1, ask: price + 0.1 };
}

/** Every fourth has bids only. */
export function sampleBook(symbol: string, n: number, at: EpochMs = instant(n)): OrderBook {
  const levels = Array.from({ length: 12 }, (_, i) => i + 1);
  const bids = levels.map((i) => ({ price: 1_000 + n - i / 8, size: (i + n) / 3 }));
  const asks = levels.map((i) => ({ price: 1_000 + n + i / 8, size: i / 7 }));
  return { symbol, timestamp: at, bids, asks: n % 4 === 3 ? [] : asks };
}

export function sampleTrade(n: number, at: EpochMs = instant(n)): Trade {
  const side = n % 3 === 0 ? 'buy' : 'sell';
  return { id: `1000000000000000000${n}`, timestamp: at, price: 1_000 + n / 8, size: n / 3, side };
}

function instant(n: number): EpochMs {
  return START + n * 1_000;
}
