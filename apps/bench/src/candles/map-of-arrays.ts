import {
  type Candle,
  type CandleSeries,
  type Interval,
  type RequiredColumn,
  type SeriesKey,
  seriesKeyText,
} from '@barkeep/core';
import type { CandlePeer, CandleStore } from './candle-peer.ts';

/** The simplest thing that works in memory. */
export const mapOfArrays: CandlePeer = {
  name: 'Map of arrays',
  description:
    'a Map from series to an array of candle objects in order of time: appends, or replaces after a binary search; reads copy the array, not the candles',
  libraries: [],
  durable: false,
  replaces: true,
  open: async () => new MapOfArrays(),
};

class MapOfArrays implements CandleStore {
  readonly #candles = new Map<string, Candle[]>();

  async write(batches: readonly CandleSeries[]): Promise<void> {
    for (const series of batches) {
      const text = seriesKeyText(series.key);
      const candles = this.#candles.get(text) ?? [];
      this.#candles.set(text, candles);
      for (const candle of series) upsert(candles, candle);
    }
  }

  async overwrite(batches: readonly CandleSeries[]): Promise<undefined> {
    await this.write(batches);
  }

  async readAll(key: SeriesKey): Promise<Candle[]> {
    return this.#of(key).slice();
  }

  async readLatest(key: SeriesKey, count: number): Promise<Candle[]> {
    return this.#of(key).slice(-count);
  }

  async readRange(key: SeriesKey, { from, to }: Interval): Promise<Candle[]> {
    const candles = this.#of(key);
    return candles.slice(indexAtOrAfter(candles, from), indexAtOrAfter(candles, to));
  }

  async readColumn(key: SeriesKey, column: RequiredColumn): Promise<number[]> {
    return this.#of(key).map((candle) => candle[column]);
  }

  readMany(keys: readonly SeriesKey[]): Promise<Candle[][]> {
    return Promise.all(keys.map((key) => this.readAll(key)));
  }

  async compact(): Promise<void> {}

  async close(): Promise<void> {
    this.#candles.clear();
  }

  #of(key: SeriesKey): readonly Candle[] {
    return this.#candles.get(seriesKeyText(key)) ?? [];
  }
}

function upsert(candles: Candle[], candle: Candle): void {
  const last = candles.at(-1);
  if (last === undefined || last.timestamp < candle.timestamp) {
    candles.push(candle);
    return;
  }
  const index = indexAtOrAfter(candles, candle.timestamp);
  const replaced = candles[index]?.timestamp === candle.timestamp ? 1 : 0;
  candles.splice(index, replaced, candle);
}

function indexAtOrAfter(candles: readonly Candle[], timestamp: number): number {
  let low = 0;
  let high = candles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((candles[middle]?.timestamp ?? Number.NaN) < timestamp) low = middle + 1;
    else high = middle;
  }
  return low;
}
