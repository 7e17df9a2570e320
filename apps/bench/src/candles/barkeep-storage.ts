import type { CandleSeries, Interval, RequiredColumn, SeriesKey } from '@barkeep/core';
import type { CandleBatch, IMarketDataStorage } from '@barkeep/storage';
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

  async write(batches: readonly CandleSeries[]): Promise<void> {
    await this.#storage.candles.write(batches.map(asBatch));
  }

  async overwrite(batches: readonly CandleSeries[]): Promise<number> {
    const { inserted, updated } = await this.#storage.candles.write(batches.map(asBatch));
    return inserted + updated;
  }

  readAll(key: SeriesKey): Promise<CandleSeries> {
    return this.#storage.candles.read({ ...key });
  }

  readLatest(key: SeriesKey, limit: number): Promise<CandleSeries> {
    return this.#storage.candles.read({ ...key, limit, take: 'last' });
  }

  readRange(key: SeriesKey, range: Interval): Promise<CandleSeries> {
    return this.#storage.candles.read({ ...key, ...range });
  }

  async readColumn(key: SeriesKey, column: RequiredColumn): Promise<Float64Array> {
    const columns = await this.#storage.candles.readColumns({ ...key }, [column]);
    return columns[column];
  }

  readMany(keys: readonly SeriesKey[]): Promise<CandleSeries[]> {
    return this.#storage.candles.readMany(keys.map((key) => ({ ...key })));
  }

  async compact(): Promise<void> {
    await this.#storage.maintenance?.compact();
  }

  close(): Promise<void> {
    return this.#storage.close();
  }
}

function asBatch(series: CandleSeries): CandleBatch {
  return { key: series.key, candles: series };
}
