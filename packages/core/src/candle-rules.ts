import type { Candle } from './candle.ts';
import { CANDLE_COLUMNS, type CandleColumns } from './candle-columns.ts';
import { epochMsFault, epochMsRangeFault } from './epoch-ms.ts';
import { faultPlace, type InvalidInputDetails, invalidInput } from './invalid-input.ts';
import type { TimeframeGrid } from './timeframe.ts';

/**
 * Checks the candles `[start, end)` against the rules of the model: values finite and not −0, low
 * and high around open and close, volume not negative, timestamps at the start of a period.
 *
 * @throws BarkeepError `INVALID_INPUT` with `index`, `timestamp`, `field` and `rule` of the first fault.
 */
export function checkCandles(
  { timestamp, open, high, low, close, volume }: CandleColumns,
  start: number,
  end: number,
  grid: TimeframeGrid,
): void {
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
      const candle = { timestamp: t, open: o, high: h, low: l, close: c, volume: v };
      throw invalidInput({ ...faultOf(candle, grid), ...faultPlace(i, t) });
    }
    previous = t;
  }
}

function faultOf(candle: Candle, grid: TimeframeGrid): InvalidInputDetails {
  const { timestamp, open, high, low, volume } = candle;
  const timestampRule = epochMsRangeFault(timestamp) ?? alignmentFault(timestamp, grid);
  if (timestampRule !== undefined) {
    return { field: 'timestamp', rule: timestampRule, value: timestamp };
  }
  for (const field of CANDLE_COLUMNS) {
    const value = candle[field];
    if (!Number.isFinite(value)) return { field, rule: 'must be a finite number', value };
    if (Object.is(value, -0)) return { field, rule: 'must not be -0', value };
  }
  if (volume < 0) return { field: 'volume', rule: 'must not be negative', value: volume };
  if (high < low) return { field: 'high', rule: `must not be below low (${low})`, value: high };
  const field = open < low || open > high ? 'open' : 'close';
  return { field, rule: `must lie between low (${low}) and high (${high})`, value: candle[field] };
}

/** Epoch seconds show themselves here: read as milliseconds, next to none is the start of a period. */
function alignmentFault(timestamp: number, grid: TimeframeGrid): string | undefined {
  if (grid.isAligned(timestamp)) return undefined;
  const rule = epochMsFault(timestamp);
  if (rule !== undefined) return rule;
  return `must be the start of a ${grid.timeframe} period (this one starts at ${grid.floor(timestamp)})`;
}
