import type { EpochMs, OrderBook, OrderBookLevel } from '@barkeep/core';

/** A view and its buffer, besides the levels. */
const OWN_BYTES = 288;
const LEVEL_BYTES = 16;

/** An order book in one array of numbers: price and size of each bid, then of each ask. */
export class StoredOrderBook {
  timestamp: EpochMs = 0;
  expiresAt: EpochMs = 0;
  #levels = new Float64Array(0);
  #bids = 0;

  /** Takes the best `maxDepth` levels of each side. */
  store({ timestamp, bids, asks }: OrderBook, expiresAt: EpochMs, maxDepth: number): void {
    this.timestamp = timestamp;
    this.expiresAt = expiresAt;
    this.#bids = Math.min(bids.length, maxDepth);
    const levels = this.#bids + Math.min(asks.length, maxDepth);
    if (this.#levels.length !== 2 * levels) this.#levels = new Float64Array(2 * levels);
    this.#write(bids, 0, this.#bids);
    this.#write(asks, this.#bids, levels);
  }

  /** The best `depth` levels of each side, in objects of their own. */
  read(symbol: string, depth: number): OrderBook {
    const levels = this.#levels.length / 2;
    return {
      symbol,
      timestamp: this.timestamp,
      bids: this.#read(0, Math.min(this.#bids, depth)),
      asks: this.#read(this.#bids, Math.min(levels, this.#bids + depth)),
    };
  }

  get bytes(): number {
    return OWN_BYTES + (LEVEL_BYTES * this.#levels.length) / 2;
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
