import { type Interval, type Timeframe, timeframeGrid } from '@barkeep/core';

/** Numbers of consecutive buckets, `last` included. An empty range may touch none: `last` is below `first`. */
export interface RevisionBuckets {
  readonly first: number;
  readonly last: number;
  /** Whether they are more than are worth a mark each: then all of the series is marked at once. */
  readonly areMany: boolean;
}

const PERIODS_PER_BUCKET = 1_024;
const MOST_BUCKETS = 256;

/**
 * Which buckets a range touches. A storage that keeps a mark of the latest change per
 * bucket, 1,024 periods of a series, has little to keep, and a change far away leaves its mark elsewhere.
 */
export function revisionBuckets(timeframe: Timeframe, { from, to }: Interval): RevisionBuckets {
  const grid = timeframeGrid(timeframe);
  const first = Math.floor(grid.indexOf(from) / PERIODS_PER_BUCKET);
  const last = Math.floor(grid.indexOf(to - 1) / PERIODS_PER_BUCKET);
  return { first, last, areMany: last - first >= MOST_BUCKETS };
}

/** The time of one bucket. */
export function revisionBucketRange(timeframe: Timeframe, bucket: number): Interval {
  const grid = timeframeGrid(timeframe);
  const first = bucket * PERIODS_PER_BUCKET;
  return { from: grid.startOf(first), to: grid.startOf(first + PERIODS_PER_BUCKET) };
}
