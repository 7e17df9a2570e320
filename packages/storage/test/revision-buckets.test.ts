import { type Timeframe, timeframeGrid } from '@barkeep/core';
import { EVER, randomRevision, revisionBuckets } from '@barkeep/storage';
import { expect, it } from 'vitest';

it.each<Timeframe>(['1s', '1m', '4h', '1d', '1w', '1M', '1y'])(
  'puts 1,024 periods of %s into a bucket, before 1970 too',
  (timeframe) => {
    const grid = timeframeGrid(timeframe);
    const bucketsOf = (from: number, to: number) =>
      revisionBuckets(timeframe, { from: grid.startOf(from), to: grid.startOf(to) });
    expect(bucketsOf(0, 1_024)).toEqual({ first: 0, last: 0, areMany: false });
    expect(bucketsOf(1_023, 1_025)).toEqual({ first: 0, last: 1, areMany: false });
    expect(bucketsOf(-1, 0)).toEqual({ first: -1, last: -1, areMany: false });
    expect(bucketsOf(-1_025, 1)).toEqual({ first: -2, last: 0, areMany: false });
  },
);

it('touches the bucket of each instant in a range, and no other', () => {
  const end = 1_024 * 60_000;
  const bucketsOf = (from: number, to: number) => {
    const { first, last } = revisionBuckets('1m', { from, to });
    return [first, last];
  };
  expect(bucketsOf(end - 1, end)).toEqual([0, 0]);
  expect(bucketsOf(end - 1, end + 1)).toEqual([0, 1]);
  expect(bucketsOf(end, end + 1)).toEqual([1, 1]);
});

it('says when a range has so many that one mark has to do', () => {
  const to = 256 * 1_024 * 60_000;
  expect(revisionBuckets('1m', { from: 0, to }).areMany).toBe(false);
  expect(revisionBuckets('1m', { from: 0, to: to + 1 }).areMany).toBe(true);
  for (const timeframe of ['1s', '1m', '1M'] as const) {
    const { first, last, areMany } = revisionBuckets(timeframe, EVER);
    expect(first).toBeLessThan(last);
    expect(areMany).toBe(timeframe !== '1M' || last - first >= 256);
  }
});

it('makes revisions of plain characters that differ', () => {
  const texts = Array.from({ length: 1_000 }, randomRevision);
  for (const text of texts) expect(text).toMatch(/^[0-9a-z]{21}$/);
  expect(new Set(texts).size).toBe(texts.length);
});
