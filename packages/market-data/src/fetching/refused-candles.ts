import {
  BarkeepError,
  type CandleSeries,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  intervalsOverlap,
  normalizeIntervals,
  type SeriesKey,
  subtractIntervals,
  timeframeGrid,
  unionIntervals,
} from '@barkeep/core';
import type { FetchFailure } from '../contract/candle-answer.ts';

/** A candle that was delivered, broke a rule and was left out. */
export interface RefusedCandle {
  /** Its period; the whole request, where that cannot be told. */
  readonly interval: Interval;
  readonly isPlaced: boolean;
  /** `SOURCE_FAILED` with field, rule and, where it has one, the candle's time. */
  readonly error: BarkeepError;
}

/** Beyond this many, a delivery's bad candles are reported together: their number and the first fault. */
const MOST_TOLD = 10;

/** @param request The stretch that was asked for. */
export function refusedCandle(
  fault: BarkeepError,
  { timeframe }: SeriesKey,
  request: Interval,
): RefusedCandle {
  const { field, timestamp } = fault.details;
  const message = `a candle of the coordinator's answer is unusable: ${fault.message}`;
  const error = new BarkeepError('SOURCE_FAILED', message, {
    cause: fault,
    details: { ...fault.details },
  });
  if (typeof timestamp !== 'number') return { interval: request, isPlaced: false, error };
  const grid = timeframeGrid(timeframe);
  const period = { from: grid.floor(timestamp), to: grid.shift(timestamp) };
  // A wrong time that lies elsewhere may be that of any candle of the request.
  const isPlaced = field !== 'timestamp' || intervalsOverlap(period, request);
  return { interval: isPlaced ? period : request, isPlaced, error };
}

/**
 * What of a request cannot be taken as complete because of refused candles: their periods; where one of
 * them might be of any period, also all without a candle; where nothing else came of it, everything.
 */
export function spoiledBy(
  refused: readonly RefusedCandle[],
  candles: CandleSeries,
  request: Interval,
): IntervalSet {
  const own = refused.filter(({ interval }) => intervalsOverlap(interval, request));
  if (own.length === 0) return [];
  const right = candles.between(request.from, request.to);
  if (right.length === 0) return [request];
  const placed = own.filter(({ isPlaced }) => isPlaced).map(({ interval }) => interval);
  const spoiled = intersectIntervals(normalizeIntervals(placed), [request]);
  if (placed.length === own.length) return spoiled;
  const grid = timeframeGrid(candles.timeframe);
  const seen = Array.from(right.timestamp, (from) => ({ from, to: grid.shift(from) }));
  return unionIntervals(spoiled, subtractIntervals([request], normalizeIntervals(seen)));
}

/** One failure for each of the first few, one for the rest. */
export function refusals(refused: readonly RefusedCandle[], attempts: number): FetchFailure[] {
  const each = refused.slice(0, MOST_TOLD).map(({ interval, error }) => {
    return { interval, error, attempts };
  });
  const rest = refused.slice(MOST_TOLD);
  const [first] = rest;
  if (first === undefined) return each;
  const { message, details } = first.error;
  const candles = rest.length;
  const error = new BarkeepError('SOURCE_FAILED', `one of ${candles} more candles: ${message}`, {
    cause: first.error,
    details: { ...details, candles },
  });
  const from = rest.reduce((least, { interval }) => Math.min(least, interval.from), Infinity);
  const to = rest.reduce((most, { interval }) => Math.max(most, interval.to), -Infinity);
  return [...each, { interval: { from, to }, error, attempts }];
}
