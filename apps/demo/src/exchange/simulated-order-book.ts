import type { EpochMs, OrderBook, OrderBookLevel, Trade } from '@barkeep/core';
import { nextKrwPrice, previousKrwPrice } from './krw-tick-size.ts';
import { hash32, SeededRandom } from './seeded-random.ts';

/** As many levels a side as Upbit shows. */
export const BOOK_LEVELS = 15;
/** How often a book is sent. */
export const BOOK_INTERVAL_MS = 500;

/** The book around the last trade: a pure function, whose levels keep their size for a while. */
export function simulatedOrderBook(
  symbol: string,
  last: Trade,
  at: EpochMs,
  seed: number,
  typicalTrade: number,
): OrderBook {
  const level = (price: number, depth: number): OrderBookLevel => ({
    price,
    size: levelSize(price, depth, at, seed, typicalTrade),
  });
  // A taker's purchase leaves its price at the ask, a sale at the bid.
  const bestAsk = last.side === 'buy' ? last.price : nextKrwPrice(last.price);
  const bestBid = last.side === 'buy' ? previousKrwPrice(last.price) : last.price;
  return {
    symbol,
    timestamp: at,
    bids: prices(bestBid, previousKrwPrice).map(level),
    asks: prices(bestAsk, nextKrwPrice).map(level),
  };
}

function prices(best: number, step: (price: number) => number): number[] {
  const all = [best];
  while (all.length < BOOK_LEVELS) all.push(step(all.at(-1) ?? best));
  return all;
}

function levelSize(
  price: number,
  depth: number,
  at: EpochMs,
  seed: number,
  typicalTrade: number,
): number {
  const own = hash32(seed, Math.round(price * 1_000));
  const lifetimeMs = 700 + (own % 6_000);
  const random = new SeededRandom(hash32(own, Math.floor((at + own) / lifetimeMs)));
  const won = typicalTrade * (4 + depth * 1.6) * Math.exp(0.9 * random.bell());
  return Math.max(1, Math.round((won / price) * 1e8)) / 1e8;
}
