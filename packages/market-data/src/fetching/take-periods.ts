import type { Interval, IntervalSet, TimeframeGrid } from '@barkeep/core';

/** The first or the last so many periods of a set. */
export function takePeriods(
  set: IntervalSet,
  periods: number,
  take: 'first' | 'last',
  grid: TimeframeGrid,
): Interval[] {
  const taken: Interval[] = [];
  let left = periods;
  for (const interval of take === 'last' ? set.toReversed() : set) {
    if (left <= 0) break;
    const count = grid.indexOf(interval.to) - grid.indexOf(interval.from);
    taken.push(count <= left ? interval : cutTo(interval, left, take, grid));
    left -= count;
  }
  return take === 'last' ? taken.reverse() : taken;
}

function cutTo(
  { from, to }: Interval,
  periods: number,
  take: 'first' | 'last',
  grid: TimeframeGrid,
): Interval {
  return take === 'last'
    ? { from: grid.shift(to, -periods), to }
    : { from, to: grid.shift(from, periods) };
}
