import type { EpochMs } from './epoch-ms.ts';
import { faultPlace, invalidInput } from './invalid-input.ts';
import { type Timeframe, timeframeGrid } from './timeframe.ts';

/** How far an instant may lie ahead of the clock. */
export interface AheadBound {
  readonly now: EpochMs;
  readonly maxAheadMs: number;
}

/** An instant to check, and where it was found. */
export interface CheckedInstant {
  readonly field: string;
  readonly value: EpochMs;
  /** The position of the value in its list, from 0. */
  readonly index?: number | undefined;
}

/**
 * The rule that an instant too far ahead of the clock breaks, in words; `undefined` when it breaks none.
 * With a timeframe the instant is a candle's, which may lie one period further ahead.
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

/** @throws BarkeepError `INVALID_INPUT` with `field`, `value`, `rule` and `now` for an `aheadOfClockFault`. */
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
