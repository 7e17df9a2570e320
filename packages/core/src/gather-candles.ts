import {
  allocateColumns,
  type Candle,
  type CandleColumn,
  type CandleColumns,
  type CandleInput,
  type CandleRow,
  columnNames,
  copyColumns,
  hasOptional,
  OPTIONAL_COLUMNS,
  optionalColumns,
  REQUIRED_COLUMNS,
  sliceColumns,
  type WritableColumns,
} from './candle-columns.ts';
import { checkCandles } from './candle-rules.ts';
import { epochMsFault } from './epoch-ms.ts';
import { faultPlace, invalidInput } from './invalid-input.ts';
import { type SeriesKey, validateSeriesKey } from './series-key.ts';
import { isAscending, sortCandles } from './sort-candles.ts';
import { timeframeGrid } from './timeframe.ts';

const CHUNK = 8_192;
const DAY_MS = 86_400_000;

/**
 * Validates candles and copies them into new columns, in ascending order. If two have the same
 * timestamp, the later one in the input is kept. Yields every few thousand candles, so that
 * `runCooperatively` can release the thread.
 *
 * @throws BarkeepError `INVALID_INPUT` with `index`, `field` and `rule` of the first invalid
 * candle.
 */
export function* gatherCandles(
  key: SeriesKey,
  candles: CandleInput,
): Generator<void, CandleColumns, void> {
  const gathered = yield* gatherAnyTimes(key, candles);
  const isAlone = gathered.timestamp.length === 1;
  if (isAlone && timeframeGrid(key.timeframe).typicalMs < DAY_MS) refuseSeconds(gathered);
  return gathered;
}

/** Like `gatherCandles`, but does not check whether a single candle's time is in epoch seconds. */
export function* gatherAnyTimes(
  key: SeriesKey,
  candles: CandleInput,
): Generator<void, CandleColumns, void> {
  validateSeriesKey(key);
  const grid = timeframeGrid(key.timeframe);
  const length = lengthOf(candles);
  const columns = allocateColumns(length, isArray(candles) ? [] : optionalColumns(candles));
  let ascending = true;
  for (let start = 0; start < length; start += CHUNK) {
    const end = Math.min(start + CHUNK, length);
    const filled = isArray(candles)
      ? fillFromObjects(columns, candles, start, end)
      : fillFromColumns(columns, candles, start, end);
    checkCandles(columns, start, filled, grid);
    if (filled < end && isArray(candles)) throw notACandle(candles[filled], filled);
    ascending &&= isAscending(columns.timestamp, start, end);
    yield;
  }
  return ascending ? columns : yield* sortCandles(columns, grid.fixedMs);
}

/**
 * Rejects a single candle whose time looks like epoch seconds: about one in a thousand such times
 * is aligned by chance. Two in one batch are accepted, and so are days, weeks and months, which
 * have real history in early 1970.
 */
function refuseSeconds({ timestamp: [first] }: CandleColumns): void {
  const rule = epochMsFault(first);
  if (rule === undefined) return;
  throw invalidInput({ field: 'timestamp', rule, value: first, index: 0 });
}

function lengthOf(candles: CandleInput): number {
  if (isArray(candles)) return candles.length;
  if (candles === null || typeof candles !== 'object' || !('timestamp' in candles)) {
    const rule = 'must be a CandleSeries or an array of candles';
    throw invalidInput({ field: 'candles', rule, value: candles });
  }
  const { length } = candles.timestamp;
  for (const field of columnNames(candles)) {
    const column = candles[field];
    if (!(column instanceof Float64Array)) {
      throw invalidInput({ field, rule: 'must be a Float64Array', value: column });
    }
    if (column.length !== length) {
      const rule = `must be as long as the timestamps (${length})`;
      throw invalidInput({ field, rule, value: column.length });
    }
  }
  return length;
}

function fillFromColumns(
  columns: CandleColumns,
  source: CandleColumns,
  start: number,
  end: number,
): number {
  copyColumns(sliceColumns(source, start, end), columns, start);
  return end;
}

/** Returns the index of the first item that is no candle of numbers; `end` when all are. */
function fillFromObjects(
  columns: WritableColumns,
  candles: readonly (Candle | CandleRow)[],
  start: number,
  end: number,
): number {
  for (let i = start; i < end; i += 1) {
    const candle = candles[i];
    if (isRow(candle)) {
      if (!fillFromRow(columns, candle, i)) return i;
      continue;
    }
    if (candle === null || typeof candle !== 'object') return i;
    const { timestamp, open, high, low, close, volume } = candle;
    if (
      typeof timestamp !== 'number' ||
      typeof open !== 'number' ||
      typeof high !== 'number' ||
      typeof low !== 'number' ||
      typeof close !== 'number' ||
      typeof volume !== 'number'
    ) {
      return i;
    }
    columns.timestamp[i] = timestamp;
    columns.open[i] = open;
    columns.high[i] = high;
    columns.low[i] = low;
    columns.close[i] = close;
    columns.volume[i] = volume;
    if (!hasOptional(candle)) continue;
    for (const name of OPTIONAL_COLUMNS) {
      const value = candle[name];
      if (value === undefined) continue;
      // NaN would say that there is no value.
      if (typeof value !== 'number' || Number.isNaN(value)) return i;
      columns[name] ??= new Float64Array(candles.length).fill(Number.NaN);
      columns[name][i] = value;
    }
  }
  return end;
}

/** Returns whether it is a row of six numbers. */
function fillFromRow(columns: WritableColumns, row: CandleRow, i: number): boolean {
  if (row.length !== REQUIRED_COLUMNS.length || !row.every(isAnyNumber)) return false;
  [
    columns.timestamp[i],
    columns.open[i],
    columns.high[i],
    columns.low[i],
    columns.close[i],
    columns.volume[i],
  ] = row;
  return true;
}

function notACandle(candle: unknown, index: number): Error {
  if (candle === null || typeof candle !== 'object') {
    return invalidInput({ field: 'candle', rule: 'must be an object', value: candle, index });
  }
  if (isRow(candle)) return notARow(candle, index);
  const values: Partial<Record<CandleColumn, unknown>> = candle;
  const field =
    REQUIRED_COLUMNS.find((name) => typeof values[name] !== 'number') ??
    OPTIONAL_COLUMNS.find((name) => values[name] !== undefined && !isNumber(values[name])) ??
    'timestamp';
  const place = faultPlace(index, values.timestamp);
  return invalidInput({ field, rule: 'must be a number', value: values[field], ...place });
}

function notARow(row: readonly unknown[], index: number): Error {
  if (row.length !== REQUIRED_COLUMNS.length) {
    const rule = `must be six numbers: ${REQUIRED_COLUMNS.join(', ')}`;
    return invalidInput({ field: 'candle', rule, value: row, index });
  }
  const at = row.findIndex((value) => !isAnyNumber(value));
  const field = REQUIRED_COLUMNS[at] ?? 'timestamp';
  const place = faultPlace(index, row[0]);
  return invalidInput({ field, rule: 'must be a number', value: row[at], ...place });
}

function isRow(candle: unknown): candle is CandleRow {
  return Array.isArray(candle);
}

function isAnyNumber(value: unknown): boolean {
  return typeof value === 'number';
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && !Number.isNaN(value);
}

function isArray(candles: CandleInput): candles is readonly (Candle | CandleRow)[] {
  return Array.isArray(candles);
}
