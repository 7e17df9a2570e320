import {
  type EpochMs,
  type OrderBook,
  type OrderBookLevel,
  TICKER_OPTIONAL_FIELDS,
  type Ticker,
} from '@barkeep/core';

/**
 * Tickers and order books as Redis has them: two numbers of sixteen digits, which a script compares
 * without reading the rest, and then a JSON array of numbers. The two are the value's timestamp, and
 * when it expires.
 */
const DIGITS = 16;
const EXPIRES_AT = DIGITS;
const BODY_AT = 2 * DIGITS;

/** The last instant that there is; what never expires, expires then. */
const END_OF_TIME = 8_640_000_000_000_000;

/** An expiry as it is stored: a whole number, also where it is never. */
export function storedExpiry(expiresAt: EpochMs): EpochMs {
  return Math.min(Math.ceil(expiresAt), END_OF_TIME);
}

export function encodeTicker(ticker: Ticker, expiresAt: EpochMs): string {
  const numbers: (number | null)[] = [ticker.price];
  for (const field of TICKER_OPTIONAL_FIELDS) numbers.push(ticker[field] ?? null);
  return digits(ticker.timestamp) + digits(expiresAt) + JSON.stringify(numbers);
}

export function encodeOrderBook(book: OrderBook, expiresAt: EpochMs): string {
  const numbers: number[] = [book.bids.length];
  for (const { price, size } of book.bids) numbers.push(price, size);
  for (const { price, size } of book.asks) numbers.push(price, size);
  return digits(book.timestamp) + digits(expiresAt) + JSON.stringify(numbers);
}

/** Frozen. */
export function decodeTicker(symbol: string, stored: string): Ticker {
  const [price, ...rest] = JSON.parse(stored.slice(BODY_AT)) as [number, ...(number | null)[]];
  const ticker: { -readonly [field in keyof Ticker]: Ticker[field] } = {
    symbol,
    timestamp: timestampOf(stored),
    price,
  };
  for (const [i, field] of TICKER_OPTIONAL_FIELDS.entries()) {
    const value = rest[i];
    if (value !== null && value !== undefined) ticker[field] = value;
  }
  return Object.freeze(ticker);
}

/** At most `depth` levels a side. */
export function decodeOrderBook(symbol: string, stored: string, depth: number): OrderBook {
  const [bids = 0, ...numbers] = JSON.parse(stored.slice(BODY_AT)) as number[];
  return {
    symbol,
    timestamp: timestampOf(stored),
    bids: levels(numbers, 0, Math.min(bids, depth)),
    asks: levels(numbers, 2 * bids, Math.min(numbers.length / 2 - bids, depth)),
  };
}

export function decodeFrozenOrderBook(symbol: string, stored: string): OrderBook {
  const book = decodeOrderBook(symbol, stored, Number.POSITIVE_INFINITY);
  for (const side of [book.bids, book.asks]) {
    for (const level of side) Object.freeze(level);
    Object.freeze(side);
  }
  return Object.freeze(book);
}

export function expiresAtOf(stored: string): EpochMs {
  return Number(stored.slice(EXPIRES_AT, BODY_AT));
}

/** Whether it has the form of what is stored, and can be decoded. */
export function isLatestValue(stored: string): boolean {
  return /^\d{32}\[/.test(stored);
}

export function digits(value: number): string {
  // Every instant of our days has thirteen digits.
  return value >= 1e12 && value < 1e13 ? `000${value}` : String(value).padStart(DIGITS, '0');
}

function timestampOf(stored: string): EpochMs {
  return Number(stored.slice(0, EXPIRES_AT));
}

function levels(numbers: readonly number[], start: number, count: number): OrderBookLevel[] {
  return Array.from({ length: count }, (_, i) => ({
    price: numbers[start + 2 * i] ?? Number.NaN,
    size: numbers[start + 2 * i + 1] ?? Number.NaN,
  }));
}
