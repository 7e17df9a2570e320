import type { EpochMs, Interval } from '@barkeep/core';
import type { SeriesState } from './series-state.ts';

/** The period that is current at an instant, and those ended too short ago to be final. */
export function unsettledStretch(series: SeriesState, now: EpochMs, graceMs: number): Interval {
  const { grid } = series;
  return { from: grid.floor(now - graceMs), to: grid.shift(now) };
}
