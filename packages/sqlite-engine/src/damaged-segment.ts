import { BarkeepError, type SeriesKey, timeframeGrid } from '@barkeep/core';
import type { CandleExtent } from './candle-rows.ts';

/** The error of a segment that cannot be read: it names the series and the periods that are lost. */
export function damagedSegment(
  { symbol, timeframe }: SeriesKey,
  { first, last }: CandleExtent,
  reason: string,
  cause?: unknown,
): BarkeepError {
  const details = { symbol, timeframe, from: first, to: timeframeGrid(timeframe).shift(last) };
  return new BarkeepError('CORRUPT', `a segment of ${symbol} ${timeframe} is damaged: ${reason}`, {
    cause,
    details,
  });
}
