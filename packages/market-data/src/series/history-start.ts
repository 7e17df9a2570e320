import type { EpochMs, Interval, TimeframeGrid } from '@barkeep/core';
import type { SeriesState } from './series-state.ts';

/**
 * Whether history can begin at an instant: not after now, nor after the period of the first candle.
 * @param firstCandle `Infinity` when there is none.
 */
export function isPossibleStart(
  start: EpochMs,
  firstCandle: EpochMs,
  now: EpochMs,
  grid: TimeframeGrid,
): boolean {
  return start <= now && grid.floor(start) <= firstCandle;
}

/** The first instant the market has history for, as noted; `undefined` when that cannot be true. */
export function historyStartOf(
  { notes, grid }: SeriesState,
  extent: Interval | undefined,
  now: EpochMs,
): EpochMs | undefined {
  const start = notes?.historyStart;
  if (start === undefined) return undefined;
  const firstCandle = extent?.from ?? Number.POSITIVE_INFINITY;
  return isPossibleStart(start, firstCandle, now, grid) ? start : undefined;
}
