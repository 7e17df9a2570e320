import {
  type EpochMs,
  MIN_EPOCH_MS,
  type OrderBook,
  type OrderBookLevel,
  TICKER_FIELDS,
  type Ticker,
} from '@barkeep/core';

/**
 * Tickers and order books as Redis has them: the milliseconds since the year 1 in sixteen digits, which a
 * script compares without reading the rest, and then a JSON array of numbers. When one expires, Redis knows.
 */
const DIGITS = 16;
const FORM = /^\d{16}\[/;

type Numbers = readonly (number | null)[];

export function encodeTicker(ticker: Ticker): string {
  const numbers = TICKER_FIELDS.map((field) => ticker[field] ?? null);
  return headOf(ticker.timestamp) + JSON.stringify(numbers);
}

export function encodeOrderBook(book: OrderBook): string {
  const numbers: number[] = [book.bids.length];
  for (const { price, size } of book.bids) numbers.push(price, size);
  for (const { price, size } of book.asks) numbers.push(price, size);
  return headOf(book.timestamp) + JSON.stringify(numbers);
}

/** Frozen; `undefined` when it is none of `encodeTicker`. */
export function decodeTicker(symbol: string, stored: string): Ticker | undefined {
  const numbers = numbersOf(stored) ?? [];
  if (numbers.length > TICKER_FIELDS.length) return undefined;
  const timestamp = timestampOf(stored);
  const ticker: { -readonly [field in keyof Ticker]: Ticker[field] } = { symbol, timestamp };
  for (const [i, field] of TICKER_FIELDS.entries()) {
    const value = numbers[i];
    if (value !== null && value !== undefined) ticker[field] = value;
  }
  const { price, bid, ask } = ticker;
  return (price ?? bid ?? ask) === undefined ? undefined : Object.freeze(ticker);
}

/** At most `depth` levels a side; `undefined` when it is none of `encodeOrderBook`. */
export function decodeOrderBook(
  symbol: string,
  stored: string,
  depth: number,
): OrderBook | undefined {
  const [bids, ...numbers] = numbersOf(stored) ?? [];
  if (!isCount(bids) || numbers.length % 2 !== 0 || 2 * bids > numbers.length) return undefined;
  if (!numbers.every((number) => number !== null)) return undefined;
  return {
    symbol,
    timestamp: timestampOf(stored),
    bids: levels(numbers, 0, Math.min(bids, depth)),
    asks: levels(numbers, 2 * bids, Math.min(numbers.length / 2 - bids, depth)),
  };
}

export function decodeFrozenOrderBook(symbol: string, stored: string): OrderBook | undefined {
  const book = decodeOrderBook(symbol, stored, Number.POSITIVE_INFINITY);
  if (book === undefined) return undefined;
  for (const side of [book.bids, book.asks]) {
    for (const level of side) Object.freeze(level);
    Object.freeze(side);
  }
  return Object.freeze(book);
}

function headOf(timestamp: EpochMs): string {
  return digits(timestamp - MIN_EPOCH_MS);
}

export function digits(value: number): string {
  // Every instant of our days has fourteen digits.
  return value >= 1e13 && value < 1e14 ? `00${value}` : String(value).padStart(DIGITS, '0');
}

function timestampOf(stored: string): EpochMs {
  return Number(stored.slice(0, DIGITS)) + MIN_EPOCH_MS;
}

function numbersOf(stored: string): Numbers | undefined {
  if (!FORM.test(stored)) return undefined;
  try {
    const parsed: unknown = JSON.parse(stored.slice(DIGITS));
    return isNumbers(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isNumbers(value: unknown): value is Numbers {
  return Array.isArray(value) && value.every((one) => typeof one === 'number' || one === null);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function levels(numbers: Numbers, start: number, count: number): OrderBookLevel[] {
  return Array.from({ length: count }, (_, i) => ({
    price: numbers[start + 2 * i] ?? Number.NaN,
    size: numbers[start + 2 * i + 1] ?? Number.NaN,
  }));
}
