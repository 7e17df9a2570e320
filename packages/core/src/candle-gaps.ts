import type { CandleSeries } from './candle-series.ts';
import type { Interval } from './interval.ts';
import { wholePeriodsAround } from './interval-set.ts';
import { timeframeGrid } from './timeframe.ts';

/**
 * The periods without a candle, joined into intervals: between the first and the last candle, or
 * within a range. Whether nothing was traded there or nothing was fetched, only coverage can tell.
 */
export function candleGaps(series: CandleSeries, within?: Interval): Interval[] {
  const grid = timeframeGrid(series.timeframe);
  const range = within ?? series.extent;
  if (range === undefined) return [];
  const { from, to } = wholePeriodsAround(range, grid);
  const inside = series.between(from, to);
  const gaps: Interval[] = [];
  let expected = from;
  for (const timestamp of inside.timestamp) {
    if (timestamp > expected) gaps.push({ from: expected, to: timestamp });
    expected = grid.shift(timestamp);
  }
  if (expected < to) gaps.push({ from: expected, to });
  return gaps;
}
