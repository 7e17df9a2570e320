import { CandleSeries, type Interval, type SeriesKey } from '@barkeep/core';
import type { SeriesFilter, SeriesInfo } from './candle-repository.ts';
import type { CheckedQuery } from './checked-query.ts';

/** Returns the candles of a series that a query selects, in memory of their own. */
export function selectCandles(
  series: CandleSeries,
  query: Omit<CheckedQuery, 'key'>,
): CandleSeries {
  const { from, to, limit, take } = query;
  const found = series.between(from, to);
  if (found.length <= limit) return found.copy();
  return (take === 'first' ? found.slice(0, limit) : found.slice(found.length - limit)).copy();
}

/** Returns a series without the candles of a range. */
export function withoutCandles(series: CandleSeries, { from, to }: Interval): CandleSeries {
  const [before, after] = [series.indexAtOrAfter(from), series.indexAtOrAfter(to)];
  return CandleSeries.concat(series.key, [series.slice(0, before), series.slice(after)]);
}

/** Whether a series matches a filter. */
export function matchesFilter({ symbol, timeframe }: SeriesFilter, key: SeriesKey): boolean {
  const isSymbol = symbol === undefined || symbol === key.symbol;
  return isSymbol && (timeframe === undefined || timeframe === key.timeframe);
}

/** Returns the `list` entry of a series, which must have candles. */
export function seriesInfo(candles: CandleSeries): SeriesInfo {
  const { symbol, timeframe, length: count, firstTimestamp: first, lastTimestamp: last } = candles;
  return { symbol, timeframe, count, first, last };
}
