import {
  type OrderBook,
  type OrderBookLevel,
  TICKER_FIELDS,
  type Ticker,
  type Trade,
} from '@barkeep/core';

/** A frozen copy with known fields only, which can be kept and shared. */
export function frozenTicker(ticker: Ticker): Ticker {
  const { symbol, timestamp } = ticker;
  const copy: { -readonly [field in keyof Ticker]: Ticker[field] } = { symbol, timestamp };
  for (const field of TICKER_FIELDS) {
    const value = ticker[field];
    if (value !== undefined) copy[field] = value;
  }
  return Object.freeze(copy);
}

/** A deep copy with known fields only. */
export function copyOrderBook({ symbol, timestamp, bids, asks }: OrderBook): OrderBook {
  return { symbol, timestamp, bids: bids.map(copyLevel), asks: asks.map(copyLevel) };
}

/** A copy with known fields only. */
export function copyTrade({ id, timestamp, price, size, side }: Trade): Trade {
  const copy = { id, timestamp, price, size };
  return side === undefined ? copy : { ...copy, side };
}

function copyLevel({ price, size }: OrderBookLevel): OrderBookLevel {
  return { price, size };
}
