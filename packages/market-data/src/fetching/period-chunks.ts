import type { Interval, IntervalSet, TimeframeGrid } from '@barkeep/core';

/** Cuts stretches into parts of at most so many periods, the latest first, and no more than `most`. */
export function periodChunks(
  set: IntervalSet,
  periods: number,
  grid: TimeframeGrid,
  most: number = Number.POSITIVE_INFINITY,
): Interval[] {
  const chunks: Interval[] = [];
  for (const { from, to } of set.toReversed()) {
    for (let end = to; end > from && chunks.length < most; ) {
      const start = Math.max(from, grid.shift(grid.ceil(end), -periods));
      chunks.push({ from: start, to: end });
      end = start;
    }
  }
  return chunks;
}
