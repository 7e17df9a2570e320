import { CANDLE_CHANGE, WriteTally } from '@barkeep/candle-archive';
import {
  allocateColumns,
  CandleSeries,
  candleComparison,
  candleCopier,
  type EpochMs,
  OPTIONAL_COLUMNS,
  type SeriesKey,
} from '@barkeep/core';
import type { CandleChunks, CandlePlace, ChunkWrite } from './candle-chunks.ts';

/** Batches of fewer candles are kept aside: many of them would copy the same chunk over and over. */
const FEW = 256;

/**
 * The candles of one series while a write changes them, in time that grows with the number of candles,
 * however they are spread over batches.
 */
export class CandleDraft {
  readonly #key: SeriesKey;
  #candles: CandleChunks;
  /** What few candles changed, where it is found: on top of the rest. */
  readonly #aside = new Map<EpochMs, CandlePlace>();

  constructor(key: SeriesKey, candles: CandleChunks) {
    this.#key = key;
    this.#candles = candles;
  }

  /** Counts what a batch changes on top of those before it. */
  *write(series: CandleSeries): Generator<void, Omit<ChunkWrite, 'candles'>, void> {
    if (series.length < FEW) return this.#putAside(series);
    const { candles, ...outcome } = yield* (yield* this.finish()).write(series);
    this.#candles = candles;
    return outcome;
  }

  /** All candles as they are after the batches so far. */
  *finish(): Generator<void, CandleChunks, void> {
    if (this.#aside.size === 0) return this.#candles;
    const timestamps = Float64Array.from(this.#aside.keys()).sort();
    const series = new Set(Array.from(this.#aside.values(), (place) => place.series));
    const optional = OPTIONAL_COLUMNS.filter((name) =>
      [...series].some((one) => one[name] !== undefined),
    );
    const columns = allocateColumns(timestamps.length, optional);
    for (const [i, timestamp] of timestamps.entries()) {
      const place = this.#aside.get(timestamp);
      if (place !== undefined) candleCopier(place.series, columns)(place.index, i);
      if (i % FEW === 0) yield;
    }
    this.#aside.clear();
    const gathered = CandleSeries.fromTrustedColumns(this.#key, columns);
    this.#candles = (yield* this.#candles.write(gathered)).candles;
    return this.#candles;
  }

  #putAside(series: CandleSeries): Omit<ChunkWrite, 'candles'> {
    const tally = new WriteTally();
    for (const [index, timestamp] of series.timestamp.entries()) {
      const before = this.#aside.get(timestamp) ?? this.#candles.find(timestamp);
      const isSame = before && candleComparison(before.series, series)(before.index, index);
      tally.add(
        timestamp,
        isSame ? CANDLE_CHANGE.keep : before ? CANDLE_CHANGE.update : CANDLE_CHANGE.insert,
      );
      if (!isSame) this.#aside.set(timestamp, { series, index });
    }
    return { ...tally.result, changed: tally.changed };
  }
}
