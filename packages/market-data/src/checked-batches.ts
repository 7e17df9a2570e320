import {
  type Candle,
  type CandleInput,
  type CandleRow,
  CandleSeries,
  type Clock,
  type EpochMs,
  faultInBatch,
  type Interval,
  intersectIntervals,
  invalidInput,
  normalizeIntervals,
  onlyKnownKeys,
  type SeriesKey,
  timeframeGrid,
  validateInterval,
  validateSeriesKey,
} from '@barkeep/core';
import { type CandleBatch, refuseOtherUnits } from '@barkeep/storage';
import { type ClockBound, refuseAhead } from './config/refuse-ahead.ts';
import type { CandlesToSave } from './contract/market-data-service.ts';

const BATCH_KEYS = ['key', 'candles', 'source', 'covers'] as const;

/**
 * What callers of the service save, as the storage takes it.
 * @throws BarkeepError `INVALID_INPUT` for a candle too far ahead of the clock.
 */
export function checkedBatch(
  { key, candles, source, covers }: CandlesToSave,
  bound: ClockBound,
): CandleBatch {
  validateSeriesKey(key);
  refuseCandlesAhead(candles, bound, key);
  if (covers === undefined) return { key, candles, source };
  return { key, candles, source, covers: endedPart(covers, key, bound.clock) };
}

/** The same of several. @throws BarkeepError `INVALID_INPUT` naming the `batch`, too. */
export function checkedBatches(
  batches: readonly CandlesToSave[],
  bound: ClockBound,
): CandleBatch[] {
  if (!Array.isArray(batches)) {
    const rule = 'must be a list of { key, candles, source?, covers? }';
    throw invalidInput({ field: 'batches', rule, value: batches });
  }
  return batches.map((batch, index) => {
    try {
      onlyKnownKeys(batch, BATCH_KEYS, 'batch');
      return checkedBatch(batch, bound);
    } catch (error) {
      throw faultInBatch(error, index);
    }
  });
}

/** The storage checks the rest of each candle. */
function refuseCandlesAhead(
  candles: CandleInput,
  bound: ClockBound,
  { timeframe }: SeriesKey,
): void {
  const latest = timeframeGrid(timeframe).shift(bound.clock.now() + bound.maxAheadMs);
  if (candles instanceof CandleSeries && !(candles.lastTimestamp > latest)) return;
  const times = isList(candles) ? candles.map(timeOf) : candles?.timestamp;
  if (!isList(times) && !(times instanceof Float64Array)) return;
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
