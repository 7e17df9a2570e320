import { type CandleExtent, WriteTally } from '@barkeep/candle-archive';
import {
  allocateColumns,
  type CandleColumn,
  CandleSeries,
  copyColumns,
  type EpochMs,
  type Interval,
  mapColumns,
  optionalColumns,
  type SeriesKey,
  type SomeColumns,
} from '@barkeep/core';
import type { CheckedQuery, WriteResult } from '@barkeep/storage';

/** A late candle costs the copy of one chunk: large enough to read fast, small enough to copy fast. */
const CHUNK = 1_024;

type Selection = Omit<CheckedQuery, 'key'>;

/** Where a candle is. */
export interface CandlePlace {
  readonly series: CandleSeries;
  readonly index: number;
}

/** What writing a series made of the candles there were. */
export interface ChunkWrite extends WriteResult {
  readonly candles: CandleChunks;
  /** The first and the last candle that changed, `undefined` when none did. */
  readonly changed: CandleExtent | undefined;
}

/**
 * The candles of one series, in chunks that ascend. Nothing in here ever changes: a write or a
 * removal makes another `CandleChunks`, which shares the chunks it did not touch. So whoever reads
 * one sees one state of the series, whatever is written meanwhile.
 */
export class CandleChunks {
  readonly #key: SeriesKey;
  readonly #chunks: readonly CandleSeries[];
  #knownOffsets: Float64Array | undefined;

  /** The chunks are not empty. */
  constructor(key: SeriesKey, chunks: readonly CandleSeries[] = []) {
    this.#key = key;
    this.#chunks = chunks;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  get length(): number {
    return this.#offset(this.#chunks.length);
  }

  /** The first candle's timestamp; NaN when there is none. */
  get firstTimestamp(): EpochMs {
    return this.#chunks[0]?.firstTimestamp ?? Number.NaN;
  }

  /** The last candle's timestamp; NaN when there is none. */
  get lastTimestamp(): EpochMs {
    return this.#chunks.at(-1)?.lastTimestamp ?? Number.NaN;
  }

  get extent(): CandleExtent | undefined {
    const { firstTimestamp: first, lastTimestamp: last } = this;
    return this.isEmpty ? undefined : { first, last };
  }

  /** Copies what a query asks for into memory of its own, a chunk at each step. */
  *read({ from, to, limit, take }: Selection): Generator<void, CandleSeries, void> {
    const start = this.#rank(from);
    const end = this.#rank(to);
    if (take === 'first') return yield* this.#copy(start, Math.min(end, start + limit));
    return yield* this.#copy(Math.max(start, end - limit), end);
  }

  /** The same of some columns, without a look at the others. */
  *readColumns<C extends CandleColumn>(
    { from, to, limit, take }: Selection,
    columns: readonly C[],
  ): Generator<void, SomeColumns<C>, void> {
    const start = this.#rank(from);
    const end = this.#rank(to);
    const cut = Math.min(limit, Math.max(0, end - start));
    const offset = take === 'first' ? start : end - cut;
    const answer = mapColumns(columns, () => new Float64Array(cut).fill(Number.NaN));
    for (const { chunk, at } of this.#within(offset, cut)) {
      for (const column of columns) answer[column].set(chunk[column] ?? [], at);
      yield;
    }
    return answer;
  }

  /** Where the candle of a timestamp is; `undefined` when there is none. */
  find(timestamp: EpochMs): CandlePlace | undefined {
    const series = this.#chunks[chunkAt(this.#chunks, timestamp)];
    const index = series?.indexAtOrAfter(timestamp) ?? 0;
    return series?.timestamp[index] === timestamp ? { series, index } : undefined;
  }

  /** Inserts and replaces candles, a chunk's worth at each step. */
  *write(series: CandleSeries): Generator<void, ChunkWrite, void> {
    const tally = new WriteTally();
    const chunks = [...this.#chunks];
    let rest = series;
    while (rest.length > 0) {
      const position = Math.max(0, chunkAt(chunks, rest.firstTimestamp));
      const chunk = chunks[position];
      const end = rest.indexAtOrAfter(startOf(chunks[position + 1]));
      const part = rest.slice(0, Math.min(CHUNK, end));
      if (chunk === undefined || isFullBefore(chunk, part)) {
        tally.classify(CandleSeries.empty(this.#key), part);
        chunks.splice(position + 1, 0, compact(part));
      } else if (tally.classify(chunk, part)) {
        chunks.splice(position, 1, ...divide(CandleSeries.merge(chunk, part)));
      }
      rest = rest.slice(part.length);
      yield;
    }
    const { result, changed } = tally;
    return { candles: changed ? new CandleChunks(this.#key, chunks) : this, ...result, changed };
  }

  /** The same without the candles in a range. */
  without({ from, to }: Interval): CandleChunks {
    const kept = this.#chunks.flatMap((chunk) => {
      if (chunk.lastTimestamp < from || to <= chunk.firstTimestamp) return [chunk];
      const before = chunk.slice(0, chunk.indexAtOrAfter(from));
      const after = chunk.slice(chunk.indexAtOrAfter(to));
      return [before, after].filter((part) => part.length > 0).map(compact);
    });
    return new CandleChunks(this.#key, kept);
  }

  /** All of it as it is stored, in ascending order. */
  get chunks(): readonly CandleSeries[] {
    return this.#chunks;
  }

  /** How many candles lie before an instant. */
  #rank(instant: EpochMs): number {
    const position = chunkAt(this.#chunks, instant);
    const chunk = this.#chunks[position];
    return chunk === undefined ? 0 : this.#offset(position) + chunk.indexAtOrAfter(instant);
  }

  *#copy(start: number, end: number): Generator<void, CandleSeries, void> {
    const length = Math.max(0, end - start);
    const parts = [...this.#within(start, length)];
    const columns = allocateColumns(length, optionalColumns(...parts.map(({ chunk }) => chunk)));
    for (const { chunk, at } of parts) {
      copyColumns(chunk, columns, at);
      yield;
    }
    return CandleSeries.fromTrustedColumns(this.#key, columns);
  }

  /** The parts of the chunks that hold some candles, and where in the whole each begins. */
  *#within(start: number, length: number): Generator<{ chunk: CandleSeries; at: number }> {
    const first = lastAtMost(this.#chunks.length, (i) => this.#offset(i), start);
    let skip = start - this.#offset(first);
    let at = 0;
    for (const whole of this.#chunks.slice(Math.max(0, first))) {
      if (at === length) return;
      const chunk = whole.slice(skip, skip + length - at);
      yield { chunk, at };
      at += chunk.length;
      skip = 0;
    }
  }

  /** How many candles lie before a chunk; counted when first asked, since most writes never do. */
  #offset(position: number): number {
    this.#knownOffsets ??= offsetsOf(this.#chunks);
    return this.#knownOffsets[position] ?? 0;
  }
}

/** Where a chunk's candles begin: later than all there is when there is no such chunk. */
function startOf(chunk: CandleSeries | undefined): EpochMs {
  return chunk?.firstTimestamp ?? Number.POSITIVE_INFINITY;
}

/** Appending after a full chunk starts another one instead of copying it. */
function isFullBefore(chunk: CandleSeries, part: CandleSeries): boolean {
  return chunk.length >= CHUNK && chunk.lastTimestamp < part.firstTimestamp;
}

/** The same candles in one chunk or, when they outgrew it, in two. */
function divide(candles: CandleSeries): CandleSeries[] {
  if (candles.length <= 2 * CHUNK) return [compact(candles)];
  const middle = candles.length >>> 1;
  return [compact(candles.slice(0, middle)), compact(candles.slice(middle))];
}

/** A small view keeps all the memory behind it alive: it is copied. */
function compact(candles: CandleSeries): CandleSeries {
  const { buffer, byteLength } = candles.timestamp;
  return buffer.byteLength > 1.25 * byteLength ? candles.copy() : candles;
}

/** The number of candles before each chunk, and last the number of all. */
function offsetsOf(chunks: readonly CandleSeries[]): Float64Array {
  const offsets = new Float64Array(chunks.length + 1);
  let offset = 0;
  for (const [i, chunk] of chunks.entries()) {
    offset += chunk.length;
    offsets[i + 1] = offset;
  }
  return offsets;
}

/** The last chunk that begins at or before an instant; −1 when there is none. */
function chunkAt(chunks: readonly CandleSeries[], instant: EpochMs): number {
  return lastAtMost(chunks.length, (i) => startOf(chunks[i]), instant);
}

/** The last position whose value is at most `bound`, the values ascending; −1 when there is none. */
function lastAtMost(length: number, valueAt: (i: number) => number, bound: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (valueAt(middle) <= bound) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
