import type { EpochMs } from './epoch-ms.ts';
import { faultPlace, invalidInput } from './invalid-input.ts';
import { type Timeframe, timeframeGrid } from './timeframe.ts';

/** How far ahead of the clock a timestamp may be. */
export interface AheadBound {
  readonly now: EpochMs;
  readonly maxAheadMs: number;
}

/** A timestamp to check, and where it was found. */
export interface CheckedInstant {
  readonly field: string;
  readonly value: EpochMs;
  /** The item's position in its list, from 0. */
  readonly index?: number | undefined;
}

/**
 * Returns the rule that a timestamp too far ahead of the clock breaks, or `undefined` if it is
 * within bounds. With a timeframe, the timestamp is a candle's and may be one period further ahead.
 */
export function aheadOfClockFault(
  instant: EpochMs,
  { now, maxAheadMs }: AheadBound,
  timeframe?: Timeframe,
): string | undefined {
  const latest = now + maxAheadMs;
  // What is no number is refused by whoever checks the value.
  if (!(instant > (timeframe === undefined ? latest : timeframeGrid(timeframe).shift(latest)))) {
    return undefined;
  }
  const more = timeframe === undefined ? '' : ` and a period of ${timeframe}`;
  return `must be at most ${maxAheadMs} ms${more} ahead of the clock, which is at ${now}`;
}

/**
 * Throws if a timestamp is too far ahead of the clock; see `aheadOfClockFault`.
 * @throws BarkeepError `INVALID_INPUT` with `field`, `value`, `rule` and `now`.
 */
export function refuseAheadOfClock(
  { field, value, index }: CheckedInstant,
  bound: AheadBound,
  timeframe?: Timeframe,
): void {
  const rule = aheadOfClockFault(value, bound, timeframe);
  if (rule === undefined) return;
  const details = { field, rule, value, now: bound.now, ...faultPlace(index, value) };
  throw invalidInput(details);
}
