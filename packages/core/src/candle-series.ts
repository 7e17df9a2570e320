import {
  allocateColumns,
  type Candle,
  type CandleColumn,
  type CandleColumns,
  type CandleInput,
  candleAt,
  columnNames,
  copyColumns,
  optionalColumns,
  pickColumns,
  REQUIRED_COLUMNS,
  sliceColumns,
} from './candle-columns.ts';
import type { EpochMs } from './epoch-ms.ts';
import { gatherCandles } from './gather-candles.ts';
import type { Interval } from './interval.ts';
import { lowerBound } from './lower-bound.ts';
import { mergeColumns } from './merge-columns.ts';
import type { SeriesKey } from './series-key.ts';
import type { Timeframe } from './timeframe.ts';

/** Has columns as properties: every one that there is. */
const ColumnHolder: new (columns: CandleColumns) => CandleColumns = class {
  readonly timestamp: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;

  constructor(columns: CandleColumns) {
    this.timestamp = columns.timestamp;
    this.open = columns.open;
    this.high = columns.high;
    this.low = columns.low;
    this.close = columns.close;
    this.volume = columns.volume;
    for (const name of optionalColumns(columns)) Object.assign(this, { [name]: columns[name] });
  }
};

/**
 * Candles of one series as a struct of arrays, in ascending order and without duplicate timestamps.
 * Reads return candles in this form, and writes accept it.
 *
 * Treat the columns as read-only. Series may share memory (`slice` copies nothing), so writing to a
 * column can change other series; nothing detects it.
 *
 * @example
 * const closes = series.close;            // Float64Array, no copying
 * const last = series.at(-1);             // { timestamp, open, high, low, close, volume }
 * const traded = series.quoteVolume;      // undefined if no candle of the series has it
 * for (const candle of series) draw(candle);
 */
export class CandleSeries extends ColumnHolder implements Iterable<Candle> {
  readonly key: SeriesKey;

  private constructor(key: SeriesKey, columns: CandleColumns) {
    super(columns);
    this.key = key;
  }

  /**
   * Validates candles and copies them into a new series, sorted by timestamp. If two candles have
   * the same timestamp, the later one in the input is kept. Accepts any order and does not change
   * the input.
   * @throws BarkeepError `INVALID_INPUT` naming the index, the field and the rule of the first
   * fault.
   */
  static from(key: SeriesKey, candles: CandleInput): CandleSeries {
    const gathering = gatherCandles(key, candles);
    let step = gathering.next();
    while (!step.done) step = gathering.next();
    const ownKey = Object.freeze({ symbol: key.symbol, timeframe: key.timeframe });
    return CandleSeries.fromTrustedColumns(ownKey, step.value);
  }

  /** Returns a series without candles. */
  static empty(key: SeriesKey): CandleSeries {
    return CandleSeries.fromTrustedColumns(key, allocateColumns(0));
  }

  /**
   * Wraps columns without copying or validating them; for adapters, whose candles are already
   * validated. The columns must be valid, equally long and strictly ascending by timestamp. The
   * series takes ownership of them.
   */
  static fromTrustedColumns(key: SeriesKey, columns: CandleColumns): CandleSeries {
    return new CandleSeries(key, columns);
  }

  /**
   * Joins parts of one series in chronological order.
   * @throws RangeError if a part does not begin after the end of the previous one.
   */
  static concat(key: SeriesKey, parts: readonly CandleSeries[]): CandleSeries {
    const [first] = parts;
    if (first !== undefined && parts.length === 1) return first;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const columns = allocateColumns(length, optionalColumns(...parts));
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

  /** Merges two series. Where both have a candle for a timestamp, the one of `over` is kept. */
  static merge(base: CandleSeries, over: CandleSeries): CandleSeries {
    if (over.length === 0) return base;
    if (base.length === 0) return over;
    if (base.lastTimestamp < over.firstTimestamp) {
      return CandleSeries.concat(base.key, [base, over]);
    }
    if (over.lastTimestamp < base.firstTimestamp) {
      return CandleSeries.concat(base.key, [over, base]);
    }
    const names = [...REQUIRED_COLUMNS, ...optionalColumns(base, over)];
    const [under, above] = [pickColumns(base, names), pickColumns(over, names)];
    const all = { limit: Number.POSITIVE_INFINITY, take: 'first' } as const;
    return CandleSeries.fromTrustedColumns(
      base.key,
      mergeColumns<CandleColumn>(under, above, names, all),
    );
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

  /** The timestamp of the first candle; NaN if the series is empty. */
  get firstTimestamp(): EpochMs {
    return this.timestamp[0] ?? Number.NaN;
  }

  /** The timestamp of the last candle; NaN if the series is empty. */
  get lastTimestamp(): EpochMs {
    return this.timestamp[this.length - 1] ?? Number.NaN;
  }

  /** The names of its columns: all required ones and the optional ones present. */
  get columns(): readonly CandleColumn[] {
    return columnNames(this);
  }

  /**
   * Returns the candle at an index, or `undefined` if out of range. A negative index counts from
   * the end.
   */
  at(index: number): Candle | undefined {
    const i = index < 0 ? this.length + index : index;
    return this.timestamp[i] === undefined ? undefined : candleAt(this, i);
  }

  /**
   * Returns the candles `[start, end)` by index, as `Array.prototype.slice` does. Shares memory.
   */
  slice(start?: number, end?: number): CandleSeries {
    return CandleSeries.fromTrustedColumns(this.key, sliceColumns(this, start, end));
  }

  /** Returns the candles with a timestamp in `[from, to)`. Shares memory. */
  between(from: EpochMs, to: EpochMs): CandleSeries {
    const start = this.indexAtOrAfter(from);
    return this.slice(start, Math.max(start, this.indexAtOrAfter(to)));
  }

  /**
   * Returns the index of the first candle at or after an instant; `length` if all are before it.
   */
  indexAtOrAfter(instant: EpochMs): number {
    return lowerBound(this.timestamp, instant);
  }

  /** The shortest interval that contains every timestamp; `undefined` if the series is empty. */
  get extent(): Interval | undefined {
    return this.length === 0
      ? undefined
      : { from: this.firstTimestamp, to: this.lastTimestamp + 1 };
  }

  /**
   * Whether the memory of a column was transferred, for example to a worker. Its candles are then
   * gone. Transfer the columns of a `copy()` instead, as other series may share this memory.
   */
  get isDetached(): boolean {
    return this.columns.some((column) => isDetached(this[column]?.buffer));
  }

  /** Returns a copy with memory of its own, no larger than its candles need. */
  copy(): CandleSeries {
    const columns = allocateColumns(this.length, optionalColumns(this));
    copyColumns(this, columns, 0);
    return CandleSeries.fromTrustedColumns(this.key, columns);
  }

  /** Whether both series have the same candles, bit for bit. Does not compare keys. */
  equals(other: CandleSeries): boolean {
    if (this.length !== other.length) return false;
    return (
      REQUIRED_COLUMNS.every((name) => areSame(this[name], other[name])) &&
      optionalColumns(this, other).every((name) => areSame(this[name], other[name]))
    );
  }

  /** Returns the candles as objects. */
  toArray(): Candle[] {
    return Array.from(this);
  }

  *[Symbol.iterator](): Iterator<Candle> {
    const optional = optionalColumns(this);
    for (let i = 0; i < this.length; i += 1) yield candleAt(this, i, optional);
  }

  /** Returns `{ symbol, timeframe, candles }` as plain objects, for `JSON.stringify`. */
  toJSON(): { symbol: string; timeframe: Timeframe; candles: Candle[] } {
    return { symbol: this.symbol, timeframe: this.timeframe, candles: this.toArray() };
  }
}

/** Whether two columns have the same values; one that is not there has NaN throughout. */
function areSame(a: Float64Array | undefined, b: Float64Array | undefined): boolean {
  if (a === undefined || b === undefined) return (a ?? b)?.every(Number.isNaN) ?? true;
  for (let i = 0; i < a.length; i += 1) {
    if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false;
  }
  return true;
}

function isDetached(buffer: ArrayBufferLike | undefined): boolean {
  return buffer instanceof ArrayBuffer && buffer.detached;
}
