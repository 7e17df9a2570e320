import { type CheckedInstant, type Clock, refuseAheadOfClock, type Timeframe } from '@barkeep/core';

/** How far a value may lie ahead of the clock, whoever it comes from. */
export interface ClockBound {
  readonly clock: Clock;
  readonly maxAheadMs: number;
}

/**
 * Refuses an instant that lies further ahead of the clock than `maxAheadMs`; of a candle's `timestamp`,
 * given its timeframe, further than one period more.
 *
 * @throws BarkeepError `INVALID_INPUT` with `field`, `value`, `rule` and the clock's `now`.
 */
export function refuseAhead(
  instant: CheckedInstant,
  { clock, maxAheadMs }: ClockBound,
  timeframe?: Timeframe,
): void {
  refuseAheadOfClock(instant, { now: clock.now(), maxAheadMs }, timeframe);
}
