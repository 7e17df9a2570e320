import type { Interval } from './interval.ts';
import type { TimeframeGrid } from './timeframe.ts';

/**
 * Non-empty intervals in ascending order that neither overlap nor touch. All functions here take
 * and return such lists; `normalizeIntervals` creates one from any list.
 */
export type IntervalSet = readonly Interval[];

/** Sorts intervals, joins those that overlap or touch, and drops empty ones. */
export function normalizeIntervals(intervals: readonly Interval[]): Interval[] {
  const sorted = intervals.filter((it) => it.from < it.to).sort((a, b) => a.from - b.from);
  const joined: Interval[] = [];
  for (const { from, to } of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to) {
      if (to > last.to) joined[joined.length - 1] = { from: last.from, to };
    } else {
      joined.push({ from, to });
    }
  }
  return joined;
}

/** The instants in `a`, in `b`, or in both. */
export function unionIntervals(a: IntervalSet, b: IntervalSet): Interval[] {
  return normalizeIntervals([...a, ...b]);
}

/** The instants in both `a` and `b`. */
export function intersectIntervals(a: IntervalSet, b: IntervalSet): Interval[] {
  const shared: Interval[] = [];
  let i = 0;
  let j = 0;
  for (
    let left = a[i], right = b[j];
    left !== undefined && right !== undefined;
    left = a[i], right = b[j]
  ) {
    const from = Math.max(left.from, right.from);
    const to = Math.min(left.to, right.to);
    if (from < to) shared.push({ from, to });
    if (left.to < right.to) i += 1;
    else j += 1;
  }
  return shared;
}

/** The instants in `a` but not in `b`. */
export function subtractIntervals(a: IntervalSet, b: IntervalSet): Interval[] {
  const rest: Interval[] = [];
  let j = 0;
  for (const { from, to } of a) {
    let start = from;
    for (let hole = b[j]; hole !== undefined && hole.from < to; hole = b[j]) {
      if (hole.from > start) rest.push({ from: start, to: hole.from });
      start = Math.max(start, hole.to);
      if (hole.to > to) break;
      j += 1;
    }
    if (start < to) rest.push({ from: start, to });
  }
  return rest;
}

/** Whether every instant of `interval` is in the set. True for an empty interval. */
export function intervalsContain(set: IntervalSet, interval: Interval): boolean {
  return (
    interval.from >= interval.to ||
    set.some((it) => it.from <= interval.from && interval.to <= it.to)
  );
}

/** The total length of the set in milliseconds. */
export function intervalsLength(set: IntervalSet): number {
  return set.reduce((sum, it) => sum + (it.to - it.from), 0);
}

/**
 * The whole periods inside an interval: rounds `from` up and `to` down. `undefined` if there are
 * none.
 */
export function wholePeriodsInside(interval: Interval, grid: TimeframeGrid): Interval | undefined {
  const from = grid.ceil(interval.from);
  const to = grid.floor(interval.to);
  return from < to ? { from, to } : undefined;
}

/**
 * The whole periods that an interval touches: rounds `from` down and `to` up. An empty interval
 * touches none.
 */
export function wholePeriodsAround(interval: Interval, grid: TimeframeGrid): Interval {
  const from = grid.floor(interval.from);
  return { from, to: interval.from < interval.to ? grid.ceil(interval.to) : from };
}

/**
 * The periods that start inside an interval, and so have their candle in it: rounds both bounds up.
 */
export function wholePeriodsFrom(interval: Interval, grid: TimeframeGrid): Interval {
  return { from: grid.ceil(interval.from), to: grid.ceil(interval.to) };
}

/** The number of periods that start inside the set. */
export function countPeriods(set: IntervalSet, grid: TimeframeGrid): number {
  return set.reduce((sum, it) => {
    const { from, to } = wholePeriodsFrom(it, grid);
    return sum + grid.indexOf(to) - grid.indexOf(from);
  }, 0);
}
