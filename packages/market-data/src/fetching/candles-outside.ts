import { CandleSeries, type IntervalSet, subtractIntervals } from '@barkeep/core';
import { EVER } from '@barkeep/storage';

/** The candles that lie in none of some stretches. */
export function candlesOutside(candles: CandleSeries, intervals: IntervalSet): CandleSeries {
  if (intervals.length === 0) return candles;
  const kept = subtractIntervals([EVER], intervals).map(({ from, to }) =>
    candles.between(from, to),
  );
  return CandleSeries.concat(candles.key, kept);
}
