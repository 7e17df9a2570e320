import { type Interval, type Timeframe, timeframeGrid } from '@barkeep/core';

/**
 * A range of consecutive bucket numbers, including `last`. `last` is below `first` for an empty
 * range.
 */
export interface RevisionBuckets {
  readonly first: number;
  readonly last: number;
  /** Whether there are too many buckets to mark one by one. Mark the whole series instead. */
  readonly areMany: boolean;
}

const PERIODS_PER_BUCKET = 1_024;
const MOST_BUCKETS = 256;

/**
 * Returns the buckets a range touches. A bucket is 1,024 periods of a series. A storage that
 * records the latest change per bucket stores little, and distant changes do not affect each other.
 */
export function revisionBuckets(timeframe: Timeframe, { from, to }: Interval): RevisionBuckets {
  const grid = timeframeGrid(timeframe);
  const first = Math.floor(grid.indexOf(from) / PERIODS_PER_BUCKET);
  const last = Math.floor(grid.indexOf(to - 1) / PERIODS_PER_BUCKET);
  return { first, last, areMany: last - first >= MOST_BUCKETS };
}

/** The time range of one bucket. */
export function revisionBucketRange(timeframe: Timeframe, bucket: number): Interval {
  const grid = timeframeGrid(timeframe);
  const first = bucket * PERIODS_PER_BUCKET;
  return { from: grid.startOf(first), to: grid.startOf(first + PERIODS_PER_BUCKET) };
}
