import type { CandleSeries, SeriesKey } from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { CandleStore } from './candle-peer.ts';

/** Any Barkeep storage as a contender: everything goes through the public contract. */
export class BarkeepStorage implements CandleStore {
  readonly #storage: IMarketDataStorage;

  private constructor(storage: IMarketDataStorage) {
    this.#storage = storage;
  }

  static async open(storage: IMarketDataStorage): Promise<BarkeepStorage> {
    await storage.open();
    return new BarkeepStorage(storage);
  }

  async write(series: CandleSeries): Promise<void> {
    await this.#storage.candles.write({ key: series.key, candles: series });
  }

  readAll(key: SeriesKey): Promise<CandleSeries> {
    return this.#storage.candles.read({ ...key });
  }

  readLatest(key: SeriesKey, limit: number): Promise<CandleSeries> {
    return this.#storage.candles.read({ ...key, limit, take: 'last' });
  }

  close(): Promise<void> {
    return this.#storage.close();
  }
}
