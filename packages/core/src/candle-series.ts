import type { Candle } from './candle.ts';
import {
  allocateColumns,
  CANDLE_COLUMNS,
  type CandleColumns,
  copyCandle,
  copyColumns,
  sameCandle,
} from './candle-columns.ts';
import type { EpochMs } from './epoch-ms.ts';
import { gatherCandles } from './gather-candles.ts';
import type { Interval } from './interval.ts';
import type { SeriesKey } from './series-key.ts';
import type { Timeframe } from './timeframe.ts';

/** What a caller may hand in as candles: a series, or candle objects in any order. */
export type CandleInput = CandleSeries | readonly Candle[];

/**
 * Candles of one series as a struct of arrays, ascending by `timestamp`, without duplicates.
 *
 * The currency of the whole system. The columns are for reading: a series may share its memory with
 * others (`slice` copies nothing), so writing to a column is a mistake that no check will catch.
 *
 * @example
 * const closes = series.close;            // Float64Array, no copying
 * const last = series.at(-1);             // { timestamp, open, high, low, close, volume }
 * for (const candle of series) draw(candle);
 */
export class CandleSeries implements CandleColumns, Iterable<Candle> {
  readonly key: SeriesKey;
  readonly timestamp: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;

  private constructor(key: SeriesKey, columns: CandleColumns) {
    this.key = key;
    this.timestamp = columns.timestamp;
    this.open = columns.open;
    this.high = columns.high;
    this.low = columns.low;
    this.close = columns.close;
    this.volume = columns.volume;
  }

  /**
   * Checks candles and copies them into a new series: sorted, of duplicates the later one. The input,
   * candle objects in any order or columns, is left as it was.
   * @throws BarkeepError `INVALID_INPUT` naming the index, the field and the rule of the first fault.
   */
  static from(key: SeriesKey, candles: CandleColumns | readonly Candle[]): CandleSeries {
    const gathering = gatherCandles(key, candles);
    let step = gathering.next();
    while (!step.done) step = gathering.next();
    const ownKey = Object.freeze({ symbol: key.symbol, timeframe: key.timeframe });
    return CandleSeries.fromTrustedColumns(ownKey, step.value);
  }

  static empty(key: SeriesKey): CandleSeries {
    return CandleSeries.fromTrustedColumns(key, allocateColumns(0));
  }

  /**
   * Wraps columns without copying or checking: for adapters, whose columns come from checked
   * candles. The columns must be valid, equally long and strictly ascending by timestamp, and
   * belong to the series from now on.
   */
  static fromTrustedColumns(key: SeriesKey, columns: CandleColumns): CandleSeries {
    return new CandleSeries(key, columns);
  }

  /**
   * Joins parts of one series that follow each other in time.
   * @throws RangeError when a part does not begin after the one before it has ended.
   */
  static concat(key: SeriesKey, parts: readonly CandleSeries[]): CandleSeries {
    const [first] = parts;
    if (first !== undefined && parts.length === 1) return first;
    const columns = allocateColumns(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    let last = Number.NEGATIVE_INFINITY;
    for (const part of parts) {
      if (part.length === 0) continue;
      if (part.firstTimestamp <= last) {
        throw new RangeError(`a part begins at ${part.firstTimestamp}, not after ${last}`);
      }
      copyColumns(part, columns, offset);
      offset += part.length;
      last = part.lastTimestamp;
    }
    return CandleSeries.fromTrustedColumns(key, columns);
  }

  /** The candles of both series; where both have a timestamp, the one of `over`. */
  static merge(base: CandleSeries, over: CandleSeries): CandleSeries {
    if (over.length === 0) return base;
    if (base.length === 0) return over;
    if (base.lastTimestamp < over.firstTimestamp) {
      return CandleSeries.concat(base.key, [base, over]);
    }
    if (over.lastTimestamp < base.firstTimestamp) {
      return CandleSeries.concat(base.key, [over, base]);
    }
    const columns = allocateColumns(base.length + over.length);
    let i = 0;
    let j = 0;
    let length = 0;
    while (i < base.length || j < over.length) {
      const left = base.timestamp[i] ?? Number.POSITIVE_INFINITY;
      const right = over.timestamp[j] ?? Number.POSITIVE_INFINITY;
      if (left < right) copyCandle(base, i, columns, length);
      else copyCandle(over, j, columns, length);
      if (left <= right) i += 1;
      if (right <= left) j += 1;
      length += 1;
    }
    return CandleSeries.fromTrustedColumns(base.key, columns).slice(0, length);
  }

  get symbol(): string {
    return this.key.symbol;
  }

  get timeframe(): Timeframe {
    return this.key.timeframe;
  }

  get length(): number {
    return this.timestamp.length;
  }

  /** The first candle's timestamp; NaN when there is none. */
  get firstTimestamp(): EpochMs {
    return this.timestamp[0] ?? Number.NaN;
  }

  /** The last candle's timestamp; NaN when there is none. */
  get lastTimestamp(): EpochMs {
    return this.timestamp[this.length - 1] ?? Number.NaN;
  }

  /** The candle at an index; a negative one counts from the end. `undefined` outside. */
  at(index: number): Candle | undefined {
    const i = index < 0 ? this.length + index : index;
    const timestamp = this.timestamp[i];
    if (timestamp === undefined) return undefined;
    return {
      timestamp,
      open: this.open[i] ?? Number.NaN,
      high: this.high[i] ?? Number.NaN,
      low: this.low[i] ?? Number.NaN,
      close: this.close[i] ?? Number.NaN,
      volume: this.volume[i] ?? Number.NaN,
    };
  }

  /** The candles `[start, end)`, by index as in `Array.prototype.slice`, sharing this series' memory. */
  slice(start?: number, end?: number): CandleSeries {
    return CandleSeries.fromTrustedColumns(this.key, {
      timestamp: this.timestamp.subarray(start, end),
      open: this.open.subarray(start, end),
      high: this.high.subarray(start, end),
      low: this.low.subarray(start, end),
      close: this.close.subarray(start, end),
      volume: this.volume.subarray(start, end),
    });
  }

  /** The candles whose timestamp is in `[from, to)`, sharing this series' memory. */
  between(from: EpochMs, to: EpochMs): CandleSeries {
    const start = this.indexAtOrAfter(from);
    return this.slice(start, Math.max(start, this.indexAtOrAfter(to)));
  }

  /** The index of the first candle at or after an instant; `length` when all are before it. */
  indexAtOrAfter(instant: EpochMs): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.timestamp[middle] ?? Number.NaN) < instant) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The smallest interval of instants that holds every candle's timestamp; `undefined` when empty. */
  get extent(): Interval | undefined {
    return this.length === 0
      ? undefined
      : { from: this.firstTimestamp, to: this.lastTimestamp + 1 };
  }

  /**
   * Whether the memory of a column was transferred away, to a worker for example: its candles are gone.
   * Transfer the columns of a `copy()` instead: others may be reading the same ones.
   */
  get isDetached(): boolean {
    return CANDLE_COLUMNS.some((column) => isDetached(this[column].buffer));
  }

  /** A copy with memory of its own, of exactly its size. */
  copy(): CandleSeries {
    const columns = allocateColumns(this.length);
    copyColumns(this, columns, 0);
    return CandleSeries.fromTrustedColumns(this.key, columns);
  }

  /** Whether both have the same candles, bit for bit. The keys are not compared. */
  equals(other: CandleSeries): boolean {
    if (this.length !== other.length) return false;
    for (let i = 0; i < this.length; i += 1) {
      if (!sameCandle(this, i, other, i)) return false;
    }
    return true;
  }

  /** The candles as objects. */
  toArray(): Candle[] {
    return Array.from(this);
  }

  *[Symbol.iterator](): Iterator<Candle> {
    for (let i = 0; i < this.length; i += 1) {
      const candle = this.at(i);
      if (candle !== undefined) yield candle;
    }
  }

  /** `{ symbol, timeframe, candles }` with plain objects, for `JSON.stringify`. */
  toJSON(): { symbol: string; timeframe: Timeframe; candles: Candle[] } {
    return { symbol: this.symbol, timeframe: this.timeframe, candles: this.toArray() };
  }
}

function isDetached(buffer: ArrayBufferLike): boolean {
  return buffer instanceof ArrayBuffer && buffer.detached;
}
