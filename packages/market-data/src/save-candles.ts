import {
  type Candle,
  type CandleInput,
  type CandleRow,
  CandleSeries,
  type Clock,
  type EpochMs,
  type Interval,
  intersectIntervals,
  normalizeIntervals,
  type SeriesKey,
  timeframeGrid,
  validateInterval,
  validateSeriesKey,
} from '@barkeep/core';
import { type IMarketDataStorage, refuseOtherUnits, type WriteResult } from '@barkeep/storage';
import { type ClockBound, refuseAhead } from './config/ahead-of-clock.ts';
import type { SaveCandlesOptions } from './contract/market-data-service.ts';

/**
 * Stores what callers of the service save.
 * @throws BarkeepError `INVALID_INPUT` for a candle too far ahead of the clock, and as the storage does.
 */
export async function saveCandles(
  storage: IMarketDataStorage,
  bound: ClockBound,
  key: SeriesKey,
  candles: CandleInput,
  { source, covers, signal }: SaveCandlesOptions,
): Promise<WriteResult> {
  validateSeriesKey(key);
  refuseCandlesAhead(candles, bound, key);
  const batch = {
    key,
    candles,
    source,
    ...(covers === undefined ? {} : { covers: endedPart(covers, key, bound.clock) }),
  };
  return storage.candles.write(batch, { signal });
}

/** The storage checks the rest of each candle. */
function refuseCandlesAhead(
  candles: CandleInput,
  bound: ClockBound,
  { timeframe }: SeriesKey,
): void {
  const latest = timeframeGrid(timeframe).shift(bound.clock.now() + bound.maxAheadMs);
  if (candles instanceof CandleSeries && !(candles.lastTimestamp > latest)) return;
  const times = isList(candles) ? candles.map(timeOf) : (candles?.timestamp ?? []);
  for (const [index, value] of times.entries()) {
    if (value > latest) refuseAhead({ field: 'timestamp', value, index }, bound, timeframe);
  }
}

function timeOf(candle: Candle | CandleRow): EpochMs {
  return isRow(candle) ? candle[0] : candle?.timestamp;
}

function isRow(candle: Candle | CandleRow): candle is CandleRow {
  return Array.isArray(candle);
}

/** Coverage never reaches into a period that has not ended. */
function endedPart(
  covers: Interval | readonly Interval[],
  key: SeriesKey,
  clock: Clock,
): Interval[] {
  const list: readonly Interval[] = isList(covers) ? covers : [covers];
  for (const interval of list) {
    validateInterval(interval, 'covers');
    refuseOtherUnits(interval, key.timeframe);
  }
  const endedBy = timeframeGrid(key.timeframe).floor(clock.now());
  return intersectIntervals(normalizeIntervals(list), [
    { from: Number.MIN_SAFE_INTEGER, to: endedBy },
  ]);
}

function isList<T>(value: object | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
