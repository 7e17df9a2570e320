import type { MonotonicTime, OrderBook, Ticker } from '@barkeep/core';
import { decodeFrozenOrderBook, decodeTicker } from './latest-value.ts';
import { NearValues } from './near-values.ts';

export interface NearCacheOptions {
  /** The most tickers, and the most order books. */
  readonly maxSymbols: number;
  readonly time: MonotonicTime;
  /** The longest time a value is kept, in milliseconds. */
  readonly maxAgeMs: number;
}

/** Values in memory, in front of Redis, which the pushed updates keep true. Off until these come. */
export class NearCache {
  readonly tickers: NearValues<Ticker>;
  readonly orderBooks: NearValues<OrderBook>;
  #isOn = false;

  constructor(options: NearCacheOptions) {
    this.tickers = new NearValues({ ...options, decode: decodeTicker });
    this.orderBooks = new NearValues({ ...options, decode: decodeFrozenOrderBook });
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  turnOn(): void {
    this.#isOn = true;
  }

  turnOff(): void {
    this.#isOn = false;
    this.clear();
  }

  hear(
    kind: 'ticker' | 'orderBook',
    symbol: string,
    version: number,
    stored: string | undefined,
    expiresAt: number,
  ): void {
    if (!this.#isOn) return;
    if (kind === 'ticker') this.tickers.hear(symbol, version, stored, expiresAt);
    else this.orderBooks.hear(symbol, version, stored, expiresAt);
  }

  clear(): void {
    this.tickers.clear();
    this.orderBooks.clear();
  }
}
