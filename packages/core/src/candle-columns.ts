import type { Candle } from './candle.ts';

/** The columns of a candle, in the order they are stored and shown. */
export const CANDLE_COLUMNS = Object.freeze([
  'timestamp',
  'open',
  'high',
  'low',
  'close',
  'volume',
] as const) satisfies readonly (keyof Candle)[] as readonly (keyof Candle)[];

/** Candles as a struct of arrays: one `Float64Array` per column, all of one length. */
export type CandleColumns = { readonly [column in keyof Candle]: Float64Array };

/** New columns of one length, filled with zeros. */
export function allocateColumns(length: number): CandleColumns {
  return {
    timestamp: new Float64Array(length),
    open: new Float64Array(length),
    high: new Float64Array(length),
    low: new Float64Array(length),
    close: new Float64Array(length),
    volume: new Float64Array(length),
  };
}

/** Copies all of `source` into `target`, from index `offset` on. */
export function copyColumns(source: CandleColumns, target: CandleColumns, offset: number): void {
  target.timestamp.set(source.timestamp, offset);
  target.open.set(source.open, offset);
  target.high.set(source.high, offset);
  target.low.set(source.low, offset);
  target.close.set(source.close, offset);
  target.volume.set(source.volume, offset);
}

/** Copies one candle between columns. */
export function copyCandle(
  source: CandleColumns,
  i: number,
  target: CandleColumns,
  j: number,
): void {
  target.timestamp[j] = source.timestamp[i] ?? Number.NaN;
  target.open[j] = source.open[i] ?? Number.NaN;
  target.high[j] = source.high[i] ?? Number.NaN;
  target.low[j] = source.low[i] ?? Number.NaN;
  target.close[j] = source.close[i] ?? Number.NaN;
  target.volume[j] = source.volume[i] ?? Number.NaN;
}

/** Whether two candles are equal in every column. Stored candles have neither NaN nor −0. */
export function sameCandle(a: CandleColumns, i: number, b: CandleColumns, j: number): boolean {
  return (
    a.timestamp[i] === b.timestamp[j] &&
    a.open[i] === b.open[j] &&
    a.high[i] === b.high[j] &&
    a.low[i] === b.low[j] &&
    a.close[i] === b.close[j] &&
    a.volume[i] === b.volume[j]
  );
}
