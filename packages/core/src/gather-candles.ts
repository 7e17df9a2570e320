import type { Candle } from './candle.ts';
import { allocateColumns, CANDLE_COLUMNS, type CandleColumns } from './candle-columns.ts';
import { checkCandles } from './candle-rules.ts';
import { epochMsFault } from './epoch-ms.ts';
import { faultPlace, invalidInput } from './invalid-input.ts';
import { type SeriesKey, validateSeriesKey } from './series-key.ts';
import { isAscending, sortCandles } from './sort-candles.ts';
import { timeframeGrid } from './timeframe.ts';

const CHUNK = 8_192;

/**
 * Copies candles into new columns: checked, ascending, and of duplicates the later one. It yields
 * every few thousand candles, so that whoever drives it can let others have the thread.
 *
 * @throws BarkeepError `INVALID_INPUT` with `index`, `field` and `rule` of the first candle that
 * breaks one.
 */
export function* gatherCandles(
  key: SeriesKey,
  candles: CandleColumns | readonly Candle[],
): Generator<void, CandleColumns, void> {
  validateSeriesKey(key);
  const grid = timeframeGrid(key.timeframe);
  const length = lengthOf(candles);
  const columns = allocateColumns(length);
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
  const sorted = ascending ? columns : yield* sortCandles(columns, grid.fixedMs);
  refuseSeconds(sorted);
  return sorted;
}

/**
 * Epoch seconds mostly fail to be the start of a period. Where they are one by chance, all of them
 * lie in the same few weeks of 1970, which candles counted from the epoch only pass through.
 */
function refuseSeconds({ timestamp }: CandleColumns): void {
  const first = timestamp[0];
  const rule = first === undefined ? undefined : epochMsFault(first);
  if (rule === undefined || epochMsFault(timestamp.at(-1)) === undefined) return;
  throw invalidInput({ field: 'timestamp', rule, value: first, index: 0 });
}

function lengthOf(candles: CandleColumns | readonly Candle[]): number {
  if (isArray(candles)) return candles.length;
  if (candles === null || typeof candles !== 'object' || !('timestamp' in candles)) {
    const rule = 'must be a CandleSeries or an array of candles';
    throw invalidInput({ field: 'candles', rule, value: candles });
  }
  const { length } = candles.timestamp;
  for (const field of CANDLE_COLUMNS) {
    if (!(candles[field] instanceof Float64Array)) {
      throw invalidInput({
        field,
        rule: 'must be a Float64Array',
        value: candles[field],
      });
    }
    if (candles[field].length !== length) {
      const rule = `must be as long as the timestamps (${length})`;
      throw invalidInput({ field, rule, value: candles[field].length });
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
  for (const column of CANDLE_COLUMNS) {
    columns[column].set(source[column].subarray(start, end), start);
  }
  return end;
}

/** Returns the index of the first item that is no candle of six numbers; `end` when all are. */
function fillFromObjects(
  columns: CandleColumns,
  candles: readonly Candle[],
  start: number,
  end: number,
): number {
  for (let i = start; i < end; i += 1) {
    const candle = candles[i];
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
  }
  return end;
}

function notACandle(candle: unknown, index: number): Error {
  if (candle === null || typeof candle !== 'object') {
    return invalidInput({ field: 'candle', rule: 'must be an object', value: candle, index });
  }
  const values: Partial<Record<keyof Candle, unknown>> = candle;
  const field = CANDLE_COLUMNS.find((column) => typeof values[column] !== 'number') ?? 'timestamp';
  const place = faultPlace(index, values.timestamp);
  return invalidInput({ field, rule: 'must be a number', value: values[field], ...place });
}

function isArray(candles: CandleColumns | readonly Candle[]): candles is readonly Candle[] {
  return Array.isArray(candles);
}
