import type { OrderBook, Ticker } from '@barkeep/core';
import { DEFAULT_REALTIME_EXPIRY } from '@barkeep/realtime';
import { LRUCache } from 'lru-cache';
import type { LatestValues, RealtimePeer } from './realtime-peer.ts';

const MAX_SYMBOLS = 10_000;

/** What a user takes who wants an expiry and a bound. */
export const lruCache: RealtimePeer = {
  name: 'lru-cache',
  description: `lru-cache that keeps the newer value, called synchronously: max ${MAX_SYMBOLS}, the same expiry as Barkeep, no checks`,
  libraries: ['lru-cache'],
  open: async () => ({
    tickers: new LatestInLruCache<Ticker>(DEFAULT_REALTIME_EXPIRY.tickerMs),
    orderBooks: new LatestInLruCache<OrderBook>(DEFAULT_REALTIME_EXPIRY.orderBookMs),
    close: async () => {},
  }),
};

class LatestInLruCache<T extends Ticker | OrderBook> implements LatestValues<T> {
  readonly #values: LRUCache<string, T>;

  constructor(ttl: number) {
    this.#values = new LRUCache({ max: MAX_SYMBOLS, ttl });
  }

  async setEach(values: readonly T[]): Promise<void> {
    for (const value of values) {
      const known = this.#values.get(value.symbol);
      if (known === undefined || known.timestamp <= value.timestamp) {
        this.#values.set(value.symbol, value);
      }
    }
  }

  async getEach(symbols: readonly string[], see: (value: T | undefined) => void): Promise<void> {
    for (const symbol of symbols) see(this.#values.get(symbol));
  }
}
