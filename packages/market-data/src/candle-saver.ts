import {
  type CandleInput,
  type Clock,
  type Interval,
  intersectIntervals,
  normalizeIntervals,
  type SeriesKey,
  timeframeGrid,
  validateInterval,
  validateSeriesKey,
} from '@barkeep/core';
import type { IMarketDataStorage, WriteResult } from '@barkeep/storage';
import type { SaveCandlesOptions } from './market-data-service.ts';

/** Stores what callers of the service save. */
export async function saveCandles(
  storage: IMarketDataStorage,
  clock: Clock,
  key: SeriesKey,
  candles: CandleInput,
  { source, covers, signal }: SaveCandlesOptions,
): Promise<WriteResult> {
  const batch = {
    key,
    candles,
    source,
    ...(covers === undefined ? {} : { covers: endedPart(covers, key, clock) }),
  };
  return storage.candles.write(batch, { signal });
}

/** Coverage never reaches into a period that has not ended. */
function endedPart(
  covers: Interval | readonly Interval[],
  key: SeriesKey,
  clock: Clock,
): Interval[] {
  validateSeriesKey(key);
  const list: readonly Interval[] = isList(covers) ? covers : [covers];
  for (const interval of list) validateInterval(interval, 'covers');
  const endedBy = timeframeGrid(key.timeframe).floor(Math.max(0, clock.now()));
  return intersectIntervals(normalizeIntervals(list), [
    { from: Number.MIN_SAFE_INTEGER, to: endedBy },
  ]);
}

function isList(covers: Interval | readonly Interval[]): covers is readonly Interval[] {
  return Array.isArray(covers);
}
