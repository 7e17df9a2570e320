import type { EpochMs, OrderBook, OrderBookLevel, Ticker } from '@barkeep/core';

const MARKETS = 200;
const LEVELS = 15;
const START: EpochMs = Date.UTC(2024, 0, 1);
const TICK = 1_000;
/** Books share their levels in turn: a hundred thousand of them would fill the heap with levels. */
const DISTINCT_BOOKS = 97;

/** The symbol that message number `i` of a feed is about: all markets in turn. */
export function feedSymbol(i: number): string {
  return `KRW-M${i % MARKETS}`;
}

/** The first `count` tickers of a feed, a millisecond apart. */
export function inventTickers(count: number): Ticker[] {
  return Array.from({ length: count }, (_, i) => {
    const price = priceOf(i);
    return {
      symbol: feedSymbol(i),
      timestamp: START + i,
      price,
      previousClose: price - TICK,
      change: TICK,
      changeRate: TICK / (price - TICK),
      volume: 1_234.567_890_12,
      bid: price - TICK,
      ask: price,
    };
  });
}

/** The first `count` order books of a feed, a millisecond apart, with fifteen levels a side. */
export function inventOrderBooks(count: number): OrderBook[] {
  const sides = Array.from({ length: DISTINCT_BOOKS }, (_, i) => ({
    bids: levels(priceOf(i) - TICK, -TICK),
    asks: levels(priceOf(i), TICK),
  }));
  return Array.from({ length: count }, (_, i) => ({
    symbol: feedSymbol(i),
    timestamp: START + i,
    bids: sides[i % DISTINCT_BOOKS]?.bids ?? [],
    asks: sides[i % DISTINCT_BOOKS]?.asks ?? [],
  }));
}

function priceOf(i: number): number {
  return 50_000_000 + TICK * ((i * 7_919) % 10_007);
}

function levels(best: number, step: number): OrderBookLevel[] {
  return Array.from({ length: LEVELS }, (_, level) => ({
    price: best + level * step,
    size: (level + 1) / 100,
  }));
}
