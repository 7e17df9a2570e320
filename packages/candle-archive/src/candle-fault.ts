import { BarkeepError, type CandleColumns, checkCandles, type TimeframeGrid } from '@barkeep/core';

/** A candle that breaks a rule of the model. */
export interface CandleFault {
  readonly index: number;
  /** In words that follow "the candle at …". */
  readonly what: string;
}

/** The first candle of `[start, end)` that breaks a rule, or does not follow the one before it. */
export function nextCandleFault(
  columns: CandleColumns,
  grid: TimeframeGrid,
  start = 0,
  end: number = columns.timestamp.length,
): CandleFault | undefined {
  const { timestamp } = columns;
  let next = start;
  while (next < end && (next === 0 || (timestamp[next] ?? 0) > (timestamp[next - 1] ?? 0)))
    next += 1;
  try {
    checkCandles(columns, start, next, grid);
  } catch (error) {
    if (!BarkeepError.is(error, 'INVALID_INPUT')) throw error;
    const { index, field, rule } = error.details;
    // Columns are checked one after the other: another may break a rule before.
    const earlier = nextCandleFault(columns, grid, start, Number(index));
    return earlier ?? { index: Number(index), what: `breaks a rule: ${field} ${rule}` };
  }
  return next < end ? { index: next, what: 'does not come after the one before it' } : undefined;
}
