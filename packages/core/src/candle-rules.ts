import {
  CANDLE_COLUMNS,
  type Candle,
  type CandleColumn,
  type CandleColumns,
  candleAt,
  OPTIONAL_COLUMNS,
  type OptionalColumn,
  REQUIRED_COLUMNS,
} from './candle-columns.ts';
import { epochMsFault, epochMsRangeFault } from './epoch-ms.ts';
import { faultPlace, type InvalidInputDetails, invalidInput } from './invalid-input.ts';
import type { TimeframeGrid } from './timeframe.ts';

/**
 * Checks the candles `[start, end)`: values are finite and not −0, `low` ≤ `open`, `close` ≤
 * `high`, `volume` is not negative, timestamps are aligned to the timeframe, and optional values
 * follow `CANDLE_COLUMNS` or are NaN.
 *
 * @throws BarkeepError `INVALID_INPUT` with `index`, `timestamp`, `field` and `rule` of the first
 * fault.
 */
export function checkCandles(
  columns: CandleColumns,
  start: number,
  end: number,
  grid: TimeframeGrid,
): void {
  checkRequired(columns, start, end, grid);
  for (const name of OPTIONAL_COLUMNS) checkOptional(columns, name, start, end);
}

function checkRequired(
  columns: CandleColumns,
  start: number,
  end: number,
  grid: TimeframeGrid,
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
    // A NaN fails every comparison, and what lies between finite bounds is finite.
    const fits =
      l <= o &&
      l <= c &&
      o <= h &&
      c <= h &&
      v >= 0 &&
      l > Number.NEGATIVE_INFINITY &&
      h < Number.POSITIVE_INFINITY &&
      v < Number.POSITIVE_INFINITY &&
      !Object.is(o, -0) &&
      !Object.is(h, -0) &&
      !Object.is(l, -0) &&
      !Object.is(c, -0) &&
      !Object.is(v, -0) &&
      epochMsRangeFault(t) === undefined &&
      // The candle after an aligned one is aligned: this spares the good path a division.
      (t === previous + step || grid.isAligned(t));
    if (!fits) {
      throw invalidInput({ ...faultOf(candleAt(columns, i), grid), ...faultPlace(i, t) });
    }
    previous = t;
  }
}

function checkOptional(
  columns: CandleColumns,
  field: OptionalColumn,
  start: number,
  end: number,
): void {
  const column = columns[field];
  if (column === undefined) return;
  for (let i = start; i < end; i += 1) {
    const value = column[i] ?? Number.NaN;
    // NaN is what stands where a candle has no value.
    const rule = Number.isNaN(value) ? undefined : valueFault(field, value);
    if (rule !== undefined)
      throw invalidInput({ field, rule, value, ...faultPlace(i, columns.timestamp[i]) });
  }
}

/** A rule for single values of a column that this one breaks. */
function valueFault(field: CandleColumn, value: number): string | undefined {
  const { values } = CANDLE_COLUMNS[field];
  if (!Number.isFinite(value)) return 'must be a finite number';
  if (Object.is(value, -0)) return 'must not be -0';
  if (values !== 'amount' && values !== 'count') return undefined;
  if (value < 0) return 'must not be negative';
  return values === 'count' && !Number.isSafeInteger(value) ? 'must be a whole number' : undefined;
}

function faultOf(candle: Candle, grid: TimeframeGrid): InvalidInputDetails {
  const { timestamp, open, high, low } = candle;
  const timestampRule = epochMsRangeFault(timestamp) ?? alignmentFault(timestamp, grid);
  if (timestampRule !== undefined) {
    return { field: 'timestamp', rule: timestampRule, value: timestamp };
  }
  for (const field of REQUIRED_COLUMNS) {
    const rule = valueFault(field, candle[field]);
    if (rule !== undefined) return { field, rule, value: candle[field] };
  }
  if (high < low) return { field: 'high', rule: `must not be below low (${low})`, value: high };
  const field = open < low || open > high ? 'open' : 'close';
  return { field, rule: `must lie between low (${low}) and high (${high})`, value: candle[field] };
}

/** Detects epoch seconds: read as milliseconds, hardly any are aligned to a period. */
function alignmentFault(timestamp: number, grid: TimeframeGrid): string | undefined {
  if (grid.isAligned(timestamp)) return undefined;
  const rule = epochMsFault(timestamp);
  if (rule !== undefined) return rule;
  return `must be the start of a ${grid.timeframe} period (this one starts at ${grid.floor(timestamp)})`;
}
