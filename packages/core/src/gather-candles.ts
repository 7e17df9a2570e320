import type { Candle } from './candle.ts';
import { allocateColumns, CANDLE_COLUMNS, type CandleColumns } from './candle-columns.ts';
import type { CandleInput } from './candle-series.ts';
import { epochMsFault } from './epoch-ms.ts';
import { invalidInput } from './invalid-input.ts';
import { type SeriesKey, validateSeriesKey } from './series-key.ts';
import { type TimeframeGrid, timeframeGrid } from './timeframe.ts';

const CHUNK = 8_192;
const SORT_RUN = 2_048;
const MERGE_STEP = 16_384;

/**
 * Copies candles into new columns: checked, ascending, and of duplicates the later one. It yields
 * every few thousand candles, so that whoever drives it can let others have the thread.
 *
 * @throws BarkeepError `INVALID_INPUT` with `index` and `field` of the first candle that breaks a rule.
 */
export function* gatherCandles(
  key: SeriesKey,
  candles: CandleInput,
  batch?: number,
): Generator<void, CandleColumns, void> {
  validateSeriesKey(key);
  const grid = timeframeGrid(key.timeframe);
  const length = lengthOf(candles, batch);
  const columns = allocateColumns(length);
  let ascending = true;
  for (let start = 0; start < length; start += CHUNK) {
    const end = Math.min(start + CHUNK, length);
    fill(columns, candles, start, end, batch);
    check(columns, start, end, grid, batch);
    ascending &&= isAscending(columns.timestamp, start, end);
    yield;
  }
  return ascending ? columns : yield* sortUnique(columns);
}

function lengthOf(candles: CandleInput, batch: number | undefined): number {
  if (Array.isArray(candles)) return candles.length;
  if (candles === null || typeof candles !== 'object' || !('timestamp' in candles)) {
    throw invalidInput({
      field: 'candles',
      rule: 'must be a CandleSeries or an array of candles',
      value: candles,
      ...at(batch),
    });
  }
  for (const column of CANDLE_COLUMNS) {
    if (!(candles[column] instanceof Float64Array) || candles[column].length !== candles.length) {
      throw invalidInput({
        field: column,
        rule: 'must be a Float64Array as long as the other columns',
        ...at(batch),
      });
    }
  }
  return candles.length;
}

function fill(
  columns: CandleColumns,
  candles: CandleInput,
  start: number,
  end: number,
  batch: number | undefined,
): void {
  if (isSeries(candles)) {
    for (const column of CANDLE_COLUMNS) {
      columns[column].set(candles[column].subarray(start, end), start);
    }
    return;
  }
  for (let i = start; i < end; i += 1) {
    const candle: Candle | undefined = candles[i];
    if (candle === null || typeof candle !== 'object') {
      throw invalidInput({
        field: 'candle',
        rule: 'must be an object',
        value: candle,
        index: i,
        ...at(batch),
      });
    }
    const { timestamp, open, high, low, close, volume } = candle;
    if (
      typeof timestamp !== 'number' ||
      typeof open !== 'number' ||
      typeof high !== 'number' ||
      typeof low !== 'number' ||
      typeof close !== 'number' ||
      typeof volume !== 'number'
    ) {
      throw notANumber(candle, i, batch);
    }
    columns.timestamp[i] = timestamp;
    columns.open[i] = open;
    columns.high[i] = high;
    columns.low[i] = low;
    columns.close[i] = close;
    columns.volume[i] = volume;
  }
}

function isSeries(candles: CandleInput): candles is Exclude<CandleInput, readonly Candle[]> {
  return !Array.isArray(candles);
}

/** One comparison chain per candle on the good path; a NaN fails every comparison it meets. */
function check(
  columns: CandleColumns,
  start: number,
  end: number,
  grid: TimeframeGrid,
  batch: number | undefined,
): void {
  const { timestamp, open, high, low, close, volume } = columns;
  const step = grid.fixedMs ?? Number.NaN;
  let previous = Number.NaN;
  for (let i = start; i < end; i += 1) {
    const t = timestamp[i] ?? Number.NaN;
    const o = open[i] ?? Number.NaN;
    const h = high[i] ?? Number.NaN;
    const l = low[i] ?? Number.NaN;
    const c = close[i] ?? Number.NaN;
    const v = volume[i] ?? Number.NaN;
    const fits =
      l <= o &&
      l <= c &&
      o <= h &&
      c <= h &&
      v >= 0 &&
      l > Number.NEGATIVE_INFINITY &&
      h < Number.POSITIVE_INFINITY &&
      v < Number.POSITIVE_INFINITY &&
      !(
        Object.is(o, -0) ||
        Object.is(h, -0) ||
        Object.is(l, -0) ||
        Object.is(c, -0) ||
        Object.is(v, -0)
      ) &&
      epochMsFault(t) === undefined &&
      (t === previous + step || grid.isAligned(t));
    if (!fits)
      throw faultOf(
        { timestamp: t, open: o, high: h, low: l, close: c, volume: v },
        i,
        grid,
        batch,
      );
    previous = t;
  }
}

function faultOf(
  candle: Candle,
  index: number,
  grid: TimeframeGrid,
  batch: number | undefined,
): Error {
  const where = { index, ...at(batch) };
  const badTime = epochMsFault(candle.timestamp);
  if (badTime !== undefined) {
    return invalidInput({ field: 'timestamp', rule: badTime, value: candle.timestamp, ...where });
  }
  if (!grid.isAligned(candle.timestamp)) {
    return invalidInput({
      field: 'timestamp',
      rule: `must be the start of a ${grid.timeframe} period (nearest before: ${grid.floor(candle.timestamp)})`,
      value: candle.timestamp,
      ...where,
    });
  }
  for (const field of CANDLE_COLUMNS) {
    const value = candle[field];
    if (!Number.isFinite(value))
      return invalidInput({ field, rule: 'must be a finite number', value, ...where });
    if (Object.is(value, -0))
      return invalidInput({ field, rule: 'must not be -0', value, ...where });
  }
  if (candle.volume < 0) {
    return invalidInput({
      field: 'volume',
      rule: 'must not be negative',
      value: candle.volume,
      ...where,
    });
  }
  if (candle.high < candle.low) {
    return invalidInput({
      field: 'high',
      rule: `must not be below low (${candle.low})`,
      value: candle.high,
      ...where,
    });
  }
  const body = candle.open > candle.high || candle.open < candle.low ? 'open' : 'close';
  return invalidInput({
    field: body,
    rule: `must lie between low (${candle.low}) and high (${candle.high})`,
    value: candle[body],
    ...where,
  });
}

function notANumber(candle: Candle, index: number, batch: number | undefined): Error {
  const field = CANDLE_COLUMNS.find((column) => typeof candle[column] !== 'number') ?? 'timestamp';
  return invalidInput({
    field,
    rule: 'must be a number',
    value: candle[field],
    index,
    ...at(batch),
  });
}

function isAscending(timestamp: Float64Array, start: number, end: number): boolean {
  for (let i = Math.max(start, 1); i < end; i += 1) {
    if ((timestamp[i] ?? Number.NaN) <= (timestamp[i - 1] ?? Number.NaN)) return false;
  }
  return true;
}

/** A stable merge sort over indexes, in steps: of equal timestamps the one handed in last is kept. */
function* sortUnique(columns: CandleColumns): Generator<void, CandleColumns, void> {
  const { timestamp } = columns;
  const length = timestamp.length;
  const earlier = (a: number, b: number): number =>
    (timestamp[a] ?? Number.NaN) - (timestamp[b] ?? Number.NaN) || a - b;
  let order = Uint32Array.from({ length }, (_, i) => i);
  for (let start = 0; start < length; start += SORT_RUN) {
    order.subarray(start, start + SORT_RUN).sort(earlier);
    yield;
  }
  let spare = new Uint32Array(length);
  for (let width = SORT_RUN; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      yield* mergeRuns(
        order,
        spare,
        start,
        Math.min(start + width, length),
        Math.min(start + 2 * width, length),
        earlier,
      );
    }
    [order, spare] = [spare, order];
  }
  return yield* pickUnique(columns, order);
}

function* mergeRuns(
  source: Uint32Array,
  target: Uint32Array,
  start: number,
  middle: number,
  end: number,
  compare: (a: number, b: number) => number,
): Generator<void, void, void> {
  let i = start;
  let j = middle;
  for (let k = start; k < end; k += 1) {
    const left = source[i] ?? 0;
    const right = source[j] ?? 0;
    const takeLeft = i < middle && (j >= end || compare(left, right) <= 0);
    target[k] = takeLeft ? left : right;
    if (takeLeft) i += 1;
    else j += 1;
    if (k % MERGE_STEP === 0) yield;
  }
}

function* pickUnique(
  columns: CandleColumns,
  order: Uint32Array,
): Generator<void, CandleColumns, void> {
  const { timestamp } = columns;
  const keep = order.filter((index, i) => timestamp[index] !== timestamp[order[i + 1] ?? -1]);
  const picked = allocateColumns(keep.length);
  yield;
  for (const column of CANDLE_COLUMNS) {
    for (let start = 0; start < keep.length; start += MERGE_STEP) {
      const end = Math.min(start + MERGE_STEP, keep.length);
      for (let i = start; i < end; i += 1) {
        picked[column][i] = columns[column][keep[i] ?? 0] ?? Number.NaN;
      }
      yield;
    }
  }
  return picked;
}

function at(batch: number | undefined): { readonly batch?: number } {
  return batch === undefined ? {} : { batch };
}
