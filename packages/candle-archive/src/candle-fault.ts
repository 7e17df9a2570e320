import {
  CANDLE_COLUMNS,
  type CandleColumns,
  type OptionalColumn,
  optionalColumns,
  type TimeframeGrid,
} from '@barkeep/core';

/** A candle that breaks a rule of the model. */
export interface CandleFault {
  readonly index: number;
  /** In words that follow "the candle at …". */
  readonly what: string;
}

/** The first candle at `start` or after it that breaks a rule, or does not follow the one before it. */
export function nextCandleFault(
  columns: CandleColumns,
  grid: TimeframeGrid,
  start = 0,
): CandleFault | undefined {
  const { timestamp, open, high, low, close, volume } = columns;
  const optional = optionalColumns(columns);
  const step = grid.fixedMs ?? Number.NaN;
  let previous = start === 0 ? Number.NEGATIVE_INFINITY : (timestamp[start - 1] ?? Number.NaN);
  for (let i = start; i < timestamp.length; i += 1) {
    const at = timestamp[i] ?? Number.NaN;
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
      at > previous &&
      // The candle after an aligned one is aligned: this spares the good path a division.
      (at === previous + step || grid.isAligned(at));
    if (!fits) return { index: i, what: faultOf([o, h, l, c, v], at, previous, grid) };
    for (const name of optional) {
      const what = optionalFault(name, columns[name]?.[i] ?? Number.NaN);
      if (what !== undefined) return { index: i, what };
    }
    previous = at;
  }
  return undefined;
}

/** NaN is what stands where a candle has no value. */
function optionalFault(name: OptionalColumn, value: number): string | undefined {
  if (Number.isNaN(value)) return undefined;
  const { values } = CANDLE_COLUMNS[name];
  if (!Number.isFinite(value)) return `has a ${name} that is not finite`;
  if (values !== 'price' && value < 0) return `has a negative ${name}`;
  const isWhole = values !== 'count' || Number.isSafeInteger(value);
  return isWhole ? undefined : `has a ${name} that is no whole number`;
}

type Values = readonly [open: number, high: number, low: number, close: number, volume: number];

function faultOf(values: Values, at: number, previous: number, grid: TimeframeGrid): string {
  const [open, high, low, close] = values;
  if (!(at > previous)) return 'does not come after the one before it';
  if (!grid.isAligned(at)) return misalignedFault(grid);
  if (!values.every(Number.isFinite)) return 'has a value that is not finite';
  if (high < low) return 'has its high below its low';
  if (open < low || open > high) return 'has its open outside of low and high';
  if (close < low || close > high) return 'has its close outside of low and high';
  return 'has a negative volume';
}

/** What is wrong with an instant that is not one of the grid. */
export function misalignedFault({ timeframe }: TimeframeGrid): string {
  return `is not at the start of a ${timeframe} period`;
}
