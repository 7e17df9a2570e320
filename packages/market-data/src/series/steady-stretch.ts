import type { EpochMs, Interval } from '@barkeep/core';
import type { SeriesState } from './series-state.ts';

/** The stretch around an instant in which the current period, and what counts as ended or as settling, stay the same. */
export function steadyStretch(
  { grid, settling }: SeriesState,
  now: EpochMs,
  graceMs: number,
): Interval {
  const ended = now - graceMs;
  return {
    from: Math.max(grid.floor(now), grid.floor(ended) + graceMs),
    to: Math.min(grid.shift(now), grid.shift(ended) + graceMs, now + settling.settlesInMs),
  };
}
