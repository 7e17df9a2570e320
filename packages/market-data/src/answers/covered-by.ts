import { type Interval, type IntervalSet, unionIntervals } from '@barkeep/core';
import type { StoredCandles } from './candle-reader.ts';

/** The periods whose stored candles are all there are, be it final or provisionally. */
export function coveredBy(stored: StoredCandles): IntervalSet {
  const { candles, snapshot, wanted } = stored;
  const settling = wanted.series.settling.covered({ candles, range: shownStretch(stored) });
  return settling.length === 0 ? snapshot.covered : unionIntervals(snapshot.covered, settling);
}

/** The stretch of which every stored candle was read. */
function shownStretch({
  candles,
  wanted: { range, limit, take, series },
}: StoredCandles): Interval {
  if (candles.length < limit) return range;
  if (candles.length === 0) return { from: range.from, to: range.from };
  return take === 'last'
    ? { from: candles.firstTimestamp, to: range.to }
    : { from: range.from, to: series.grid.shift(candles.lastTimestamp) };
}
