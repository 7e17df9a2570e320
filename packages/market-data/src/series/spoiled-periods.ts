import {
  type Interval,
  type IntervalSet,
  intersectIntervals,
  intervalsOverlap,
  type MonotonicTime,
  subtractIntervals,
  unionIntervals,
} from '@barkeep/core';
import type { FetchFailure } from '../contract/candle-answer.ts';

/** What is left alone of a stretch, and why. */
export interface LeftAlone {
  readonly intervals: IntervalSet;
  readonly failures: readonly FetchFailure[];
}

interface Spoiled {
  readonly intervals: IntervalSet;
  readonly failures: readonly FetchFailure[];
  readonly waitMs: number;
  /** When they are worth another request, in monotonic time. */
  readonly until: number;
}

const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 3_600_000;
/** Of more deliveries the oldest are forgotten. */
const MAX_DELIVERIES = 64;
/** Of more intervals of a delivery all between the first and the last are left alone. */
const MAX_INTERVALS = 256;

/**
 * Periods of one series whose candles the source delivered, and which broke a rule. They are missing, and
 * asked for again after a minute, then after twice as long each time, up to an hour: what the source has
 * wrong it seldom mends at once. Only this process knows of them.
 */
export class SpoiledPeriods {
  readonly #time: MonotonicTime;
  /** The oldest first. Those whose time has come stay for their waits, until the next delivery. */
  #deliveries: readonly Spoiled[] = [];

  constructor(time: MonotonicTime) {
    this.#time = time;
  }

  /** Takes note of a delivery of a stretch, and of what is spoiled of it. */
  delivered(stretch: Interval, intervals: IntervalSet, failures: readonly FetchFailure[]): void {
    if (this.#deliveries.length + intervals.length === 0) return;
    const before = this.#deliveries.filter(
      (one) => intersectIntervals(one.intervals, intervals).length > 0,
    );
    const kept = this.#deliveries
      .map((one) => ({ ...one, intervals: subtractIntervals(one.intervals, [stretch]) }))
      .filter((one) => one.intervals.length > 0);
    const waits = before.map(({ waitMs }) => Math.min(LONGEST_WAIT_MS, 2 * waitMs));
    const waitMs = Math.max(FIRST_WAIT_MS, ...waits);
    const until = this.#time.now() + waitMs;
    const added = { intervals: bounded(intervals), failures, waitMs, until };
    this.#deliveries = intervals.length === 0 ? kept : [...kept, added].slice(-MAX_DELIVERIES);
  }

  /** What of some stretches is not worth a request yet. */
  within(wanted: IntervalSet): LeftAlone {
    if (this.#deliveries.length === 0) return { intervals: [], failures: [] };
    const now = this.#time.now();
    let left: IntervalSet = [];
    const failures: FetchFailure[] = [];
    for (const { until, intervals, failures: own } of this.#deliveries) {
      const some = until > now ? intersectIntervals(intervals, wanted) : [];
      if (some.length === 0) continue;
      left = unionIntervals(left, some);
      const isOfSome = ({ interval }: FetchFailure) =>
        some.some((one) => intervalsOverlap(one, interval));
      failures.push(...own.filter(isOfSome).map((failure) => ({ ...failure, attempts: 0 })));
    }
    return { intervals: left, failures };
  }

  clear(): void {
    this.#deliveries = [];
  }
}

function bounded(intervals: IntervalSet): IntervalSet {
  const [first, last] = [intervals[0], intervals.at(-1)];
  if (intervals.length <= MAX_INTERVALS || first === undefined || last === undefined) {
    return intervals;
  }
  return [{ from: first.from, to: last.to }];
}
