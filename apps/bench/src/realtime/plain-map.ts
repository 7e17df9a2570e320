import type { OrderBook, Ticker } from '@barkeep/core';
import type { LatestValues, RealtimePeer } from './realtime-peer.ts';

/** The least that works. */
export const plainMap: RealtimePeer = {
  name: 'Map',
  description: 'a Map by symbol that keeps the newer value: no expiry, no bound, no checks',
  libraries: [],
  open: async () => ({
    tickers: new LatestInMap<Ticker>(),
    orderBooks: new LatestInMap<OrderBook>(),
    close: async () => {},
  }),
};

class LatestInMap<T extends Ticker | OrderBook> implements LatestValues<T> {
  readonly #values = new Map<string, T>();

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
