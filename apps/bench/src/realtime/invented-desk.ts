import type { EpochMs, OrderBook, OrderBookLevel, Ticker, Trade } from '@barkeep/core';

const START: EpochMs = Date.UTC(2024, 0, 1);
/** Exchanges number their trades with sixteen digits and more. */
const FIRST_TRADE_ID = 17_040_672_000_000_000n;

/** All realtime data of one symbol. */
export interface Desk {
  readonly ticker: Ticker;
  readonly book: OrderBook;
  readonly trades: readonly Trade[];
}

/** New objects of symbol number `i`, as a parser of exchange messages makes them. */
export function inventDesk(i: number, levels: number, trades: number): Desk {
  const symbol = `KRW-M${i}`;
  const price = 1_000 + i * 10;
  return {
    ticker: {
      symbol,
      timestamp: START + i,
      price,
      previousClose: price - 1,
      change: 1,
      changeRate: 1 / (price - 1),
      volume: 1_234.567_890_12,
      bid: price - 0.5,
      ask: price + 0.5,
    },
    book: {
      symbol,
      timestamp: START + i,
      bids: side(price - 0.5, -0.5, levels),
      asks: side(price + 0.5, 0.5, levels),
    },
    trades: Array.from({ length: trades }, (_, j) => ({
      id: String(FIRST_TRADE_ID + BigInt(i * trades + j)),
      timestamp: START + j,
      price: price + (j % 7) / 2,
      size: ((j * 7_919) % 10_007) / 1e6,
      side: j % 2 === 0 ? 'buy' : 'sell',
    })),
  };
}

function side(best: number, step: number, levels: number): OrderBookLevel[] {
  return Array.from({ length: levels }, (_, level) => ({
    price: best + level * step,
    size: (level + 1) / 100,
  }));
}
