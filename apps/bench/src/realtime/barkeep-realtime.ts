import type { OrderBook, Ticker } from '@barkeep/core';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { LatestValues, RealtimePeer } from './realtime-peer.ts';

export const barkeepRealtime: RealtimePeer = {
  name: 'Barkeep, realtime',
  description:
    '@barkeep/realtime-memory through IRealtimeCache, default options: checks, bounds, expires and counts; each call is awaited',
  libraries: ['@barkeep/realtime-memory'],
  open: async () => {
    const cache = new MemoryRealtime();
    await cache.open();
    return {
      tickers: new LatestInBarkeep<Ticker>(cache.tickers),
      orderBooks: new LatestInBarkeep<OrderBook>(cache.orderBooks),
      close: () => cache.close(),
    };
  },
};

/** What the repositories of tickers and of order books have in common. */
interface Repository<T> {
  set(value: T): Promise<unknown>;
  get(symbol: string): Promise<T | undefined>;
}

class LatestInBarkeep<T> implements LatestValues<T> {
  readonly #repository: Repository<T>;

  constructor(repository: Repository<T>) {
    this.#repository = repository;
  }

  async setEach(values: readonly T[]): Promise<void> {
    for (const value of values) await this.#repository.set(value);
  }

  async getEach(symbols: readonly string[], see: (value: T | undefined) => void): Promise<void> {
    for (const symbol of symbols) see(await this.#repository.get(symbol));
  }
}
