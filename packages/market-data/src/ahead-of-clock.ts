import { aheadOfClockFault, type Clock, invalidInput, type Timeframe } from '@barkeep/core';

/** How far a value may lie ahead of the clock, whoever it comes from. */
export interface ClockBound {
  readonly clock: Clock;
  readonly maxAheadMs: number;
}

/** An instant to check, and where it was found. */
export interface CheckedInstant {
  readonly field: string;
  readonly value: number;
  /** The position of the value in its list, from 0. */
  readonly index?: number | undefined;
}

/**
 * Refuses an instant that lies further ahead of the clock than `maxAheadMs`; of a candle's `timestamp`,
 * given its timeframe, further than one period more.
 *
 * @throws BarkeepError `INVALID_INPUT` with `field`, `value`, `rule` and the clock's `now`.
 */
export function refuseAhead(
  { field, value, index }: CheckedInstant,
  { clock, maxAheadMs }: ClockBound,
  timeframe?: Timeframe,
): void {
  const now = clock.now();
  const rule = aheadOfClockFault(value, now, maxAheadMs, timeframe);
  if (rule === undefined) return;
  const details = { field, rule, value, now, ...(index === undefined ? {} : { index }) };
  throw invalidInput(details);
}
