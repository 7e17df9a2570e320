import type { EpochMs, OrderBook, OrderBookLevel } from '@barkeep/core';

/** A view and its buffer, besides the levels. */
const OWN_BYTES = 300;
const LEVEL_BYTES = 16;
/** A promise, the book and its two sides; and each of their levels. */
const ANSWER_BYTES = 280;
const ANSWER_LEVEL_BYTES = 64;

/**
 * An order book in one array of numbers: price and size of each bid, then of each ask. Readers of the
 * whole book share one frozen object, made for the first of them and kept until the next book: only
 * what is read takes more room than its numbers.
 */
export class StoredOrderBook {
  readonly symbol: string;
  timestamp: EpochMs = 0;
  /** In the time of the cache. */
  expiresAt = 0;
  #levels = new Float64Array(0);
  #bids = 0;
  #answer: Promise<OrderBook> | undefined;

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  /** Takes the best `maxDepth` levels of each side. */
  store({ timestamp, bids, asks }: OrderBook, expiresAt: number, maxDepth: number): void {
    this.timestamp = timestamp;
    this.expiresAt = expiresAt;
    this.#answer = undefined;
    this.#bids = Math.min(bids.length, maxDepth);
    const levels = this.#bids + Math.min(asks.length, maxDepth);
    if (this.#levels.length !== 2 * levels) this.#levels = new Float64Array(2 * levels);
    this.#write(bids, 0, this.#bids);
    this.#write(asks, this.#bids, levels);
  }

  /** The best `depth` levels of each side, in objects of their own. */
  read(depth: number): OrderBook {
    const levels = this.#levels.length / 2;
    return {
      symbol: this.symbol,
      timestamp: this.timestamp,
      bids: this.#read(0, Math.min(this.#bids, depth)),
      asks: this.#read(this.#bids, Math.min(levels, this.#bids + depth)),
    };
  }

  /** Whether `answer` has nothing left to make. */
  get isAnswered(): boolean {
    return this.#answer !== undefined;
  }

  /** The whole book in a promise that has resolved, the same for all readers. */
  answer(): Promise<OrderBook> {
    this.#answer ??= Promise.resolve(frozenBook(this.read(Number.POSITIVE_INFINITY)));
    return this.#answer;
  }

  get bytes(): number {
    const levels = this.#levels.length / 2;
    const answer = this.isAnswered ? ANSWER_BYTES + ANSWER_LEVEL_BYTES * levels : 0;
    return OWN_BYTES + LEVEL_BYTES * levels + answer;
  }

  #write(side: readonly OrderBookLevel[], start: number, end: number): void {
    for (let i = start; i < end; i += 1) {
      const level = side[i - start];
      this.#levels[2 * i] = level?.price ?? Number.NaN;
      this.#levels[2 * i + 1] = level?.size ?? Number.NaN;
    }
  }

  #read(start: number, end: number): OrderBookLevel[] {
    const side: OrderBookLevel[] = [];
    for (let i = start; i < end; i += 1) {
      const price = this.#levels[2 * i] ?? Number.NaN;
      side.push({ price, size: this.#levels[2 * i + 1] ?? Number.NaN });
    }
    return side;
  }
}

function frozenBook(book: OrderBook): OrderBook {
  for (const side of [book.bids, book.asks]) {
    for (const level of side) Object.freeze(level);
    Object.freeze(side);
  }
  return Object.freeze(book);
}
