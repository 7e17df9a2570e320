import type { CandleSeries } from './candle-series.ts';
import type { Interval } from './interval.ts';
import { wholePeriodsAround } from './interval-set.ts';
import { timeframeGrid } from './timeframe.ts';

/**
 * Returns the gaps in a series: periods without a candle, merged into intervals. Searches between
 * the first and the last candle, or within a range. A gap means "no trades" or "not fetched"; only
 * coverage tells which.
 *
 * @example
 * const series = await storage.candles.read({ symbol: 'KRW-BTC', timeframe: '1m' });
 * for (const { from, to } of candleGaps(series)) {
 *   console.log('no candles from', new Date(from), 'to', new Date(to));
 * }
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
