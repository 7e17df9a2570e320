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

/** The same behind the interface that a cache gets which may be remote one day. */
export const lruCacheAwaited: RealtimePeer = {
  ...lruCache,
  name: 'lru-cache, awaited',
  description: 'the same, each call an async function that is awaited',
  open: async () => ({
    tickers: new AwaitedLatest<Ticker>(DEFAULT_REALTIME_EXPIRY.tickerMs),
    orderBooks: new AwaitedLatest<OrderBook>(DEFAULT_REALTIME_EXPIRY.orderBookMs),
    close: async () => {},
  }),
};

class LatestInLruCache<T extends Ticker | OrderBook> implements LatestValues<T> {
  readonly #values: LRUCache<string, T>;

  constructor(ttl: number) {
    this.#values = new LRUCache({ max: MAX_SYMBOLS, ttl });
  }

  async setEach(values: readonly T[]): Promise<void> {
    for (const value of values) this.set(value);
  }

  async getEach(symbols: readonly string[], see: (value: T | undefined) => void): Promise<void> {
    for (const symbol of symbols) see(this.get(symbol));
  }

  protected set(value: T): void {
    const known = this.#values.get(value.symbol);
    if (known === undefined || known.timestamp <= value.timestamp) {
      this.#values.set(value.symbol, value);
    }
  }

  protected get(symbol: string): T | undefined {
    return this.#values.get(symbol);
  }
}

class AwaitedLatest<T extends Ticker | OrderBook> extends LatestInLruCache<T> {
  override async setEach(values: readonly T[]): Promise<void> {
    for (const value of values) await this.#set(value);
  }

  override async getEach(
    symbols: readonly string[],
    see: (value: T | undefined) => void,
  ): Promise<void> {
    for (const symbol of symbols) see(await this.#get(symbol));
  }

  async #set(value: T): Promise<void> {
    this.set(value);
  }

  async #get(symbol: string): Promise<T | undefined> {
    return this.get(symbol);
  }
}
