import type { EpochMs, Interval, TimeframeGrid } from '@barkeep/core';
import type { SeriesNotes } from './series-notebook.ts';

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
  notes: SeriesNotes | undefined,
  extent: Interval | undefined,
  now: EpochMs,
  grid: TimeframeGrid,
): EpochMs | undefined {
  const start = notes?.historyStart;
  if (start === undefined) return undefined;
  const firstCandle = extent?.from ?? Number.POSITIVE_INFINITY;
  return isPossibleStart(start, firstCandle, now, grid) ? start : undefined;
}
