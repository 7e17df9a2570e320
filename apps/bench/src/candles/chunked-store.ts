import {
  allocateColumns,
  type CandleColumns,
  CandleSeries,
  type EpochMs,
  type Interval,
  REQUIRED_COLUMNS,
  type RequiredColumn,
  type SeriesKey,
} from '@barkeep/core';
import type { CandleStore } from './candle-peer.ts';

/** Columns of the candles of one stretch of time, as a store of whole values gives them back. */
export type ChunkColumns = { readonly [column in RequiredColumn]: ArrayLike<number> };

/** Where chunks are kept, by series and the instant their stretch begins. */
export interface Chunks {
  /** Runs the work, which puts chunks, and resolves once they are committed. */
  commit(work: () => void): Promise<void>;
  put(key: SeriesKey, start: EpochMs, columns: CandleColumns): void;
  get(key: SeriesKey, start: EpochMs): ChunkColumns | undefined;
  /** The chunks that begin in a range, one by one: ascending, or descending from the latest. */
  walk(key: SeriesKey, range: Interval, direction: 'up' | 'down'): Iterable<ChunkColumns>;
  close(): Promise<void>;
}

const EVER: Interval = { from: -8.64e15, to: 8.64e15 };

/** Candles cut into stretches of a fixed length of time, each kept as one value. */
export class ChunkedStore implements CandleStore {
  readonly #chunks: Chunks;
  readonly #chunkMs: number;

  constructor(chunks: Chunks, chunkMs: number) {
    this.#chunks = chunks;
    this.#chunkMs = chunkMs;
  }

  async write(batches: readonly CandleSeries[]): Promise<void> {
    await this.#chunks.commit(() => {
      for (const series of batches) {
        for (const { start, part } of this.#cut(series)) {
          this.#chunks.put(series.key, start, join([part]));
        }
      }
    });
  }

  async overwrite(batches: readonly CandleSeries[]): Promise<undefined> {
    await this.#chunks.commit(() => {
      for (const series of batches) {
        for (const { start, part } of this.#cut(series)) {
          const known = this.#chunks.get(series.key, start);
          const whole = known === undefined ? part : merge(series.key, known, part);
          this.#chunks.put(series.key, start, join([whole]));
        }
      }
    });
  }

  async readAll(key: SeriesKey): Promise<CandleColumns> {
    return join([...this.#chunks.walk(key, EVER, 'up')]);
  }

  async readLatest(key: SeriesKey, count: number): Promise<CandleColumns> {
    const parts: ChunkColumns[] = [];
    let found = 0;
    for (const part of this.#chunks.walk(key, EVER, 'down')) {
      parts.unshift(part);
      found += part.timestamp.length;
      if (found >= count) break;
    }
    return CandleSeries.fromTrustedColumns(key, join(parts)).slice(-count);
  }

  async readRange(key: SeriesKey, { from, to }: Interval): Promise<CandleColumns> {
    const chunks = this.#chunks.walk(key, { from: this.#startOf(from), to }, 'up');
    return CandleSeries.fromTrustedColumns(key, join([...chunks])).between(from, to);
  }

  async readColumn(key: SeriesKey, column: RequiredColumn): Promise<Float64Array> {
    return joinColumn([...this.#chunks.walk(key, EVER, 'up')].map((part) => part[column]));
  }

  readMany(keys: readonly SeriesKey[]): Promise<CandleColumns[]> {
    return Promise.all(keys.map((key) => this.readAll(key)));
  }

  async compact(): Promise<void> {}

  close(): Promise<void> {
    return this.#chunks.close();
  }

  *#cut(series: CandleSeries): Generator<{ start: EpochMs; part: CandleSeries }> {
    let done = 0;
    while (done < series.length) {
      const start = this.#startOf(series.timestamp[done] ?? Number.NaN);
      const end = series.indexAtOrAfter(start + this.#chunkMs);
      yield { start, part: series.slice(done, end) };
      done = end;
    }
  }

  #startOf(instant: EpochMs): EpochMs {
    return Math.floor(instant / this.#chunkMs) * this.#chunkMs;
  }
}

function merge(key: SeriesKey, known: ChunkColumns, over: CandleSeries): CandleSeries {
  return CandleSeries.merge(CandleSeries.fromTrustedColumns(key, join([known])), over);
}

function join(parts: readonly ChunkColumns[]): CandleColumns {
  const columns = allocateColumns(parts.reduce((sum, part) => sum + part.timestamp.length, 0));
  for (const column of REQUIRED_COLUMNS)
    fill(
      columns[column],
      parts.map((part) => part[column]),
    );
  return columns;
}

function joinColumn(parts: readonly ArrayLike<number>[]): Float64Array {
  const column = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  fill(column, parts);
  return column;
}

function fill(column: Float64Array, parts: readonly ArrayLike<number>[]): void {
  let offset = 0;
  for (const part of parts) {
    column.set(part, offset);
    offset += part.length;
  }
}
