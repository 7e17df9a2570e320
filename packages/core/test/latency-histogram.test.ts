import { LatencyHistogram, latencyQuantile } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('LatencyHistogram', () => {
  const told = fc.double({ min: 2 ** -10, max: 2 ** 20, noNaN: true, maxExcluded: true });

  it('puts each time into a bucket that ends at most an eighth above it', () => {
    fc.assert(
      fc.property(told, (ms) => {
        const histogram = new LatencyHistogram();
        histogram.record(ms);
        const [bucket, ...others] = histogram.buckets();
        expect(others).toEqual([]);
        expect(bucket?.calls).toBe(1);
        expect(bucket?.upToMs).toBeGreaterThan(ms);
        expect(bucket?.upToMs).toBeLessThanOrEqual(ms * (1 + 1 / 8));
      }),
    );
  });

  it('keeps the order of times, and every call', () => {
    const any = fc.oneof(
      told,
      fc.double(),
      fc.constantFrom(0, -0, -1, 2 ** 20, Number.POSITIVE_INFINITY),
    );
    fc.assert(
      fc.property(fc.array(any, { minLength: 1 }), (times) => {
        const histogram = new LatencyHistogram();
        for (const ms of times) histogram.record(ms);
        const buckets = histogram.buckets();
        const bounds = buckets.map(({ upToMs }) => upToMs);
        expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
        expect(new Set(bounds).size).toBe(bounds.length);
        expect(buckets.reduce((sum, { calls }) => sum + calls, 0)).toBe(times.length);
        for (const { upToMs } of buckets) {
          const within = times.filter((ms) => !(ms >= upToMs)).length;
          const counted = buckets
            .filter((bucket) => bucket.upToMs <= upToMs)
            .reduce((sum, { calls }) => sum + calls, 0);
          expect(counted).toBe(upToMs === Number.POSITIVE_INFINITY ? times.length : within);
        }
      }),
    );
  });

  it('has an end: what takes longer is in the last bucket', () => {
    const histogram = new LatencyHistogram();
    for (const ms of [2 ** 20, 2 ** 40, Number.POSITIVE_INFINITY]) histogram.record(ms);
    expect(histogram.buckets()).toEqual([{ upToMs: Number.POSITIVE_INFINITY, calls: 3 }]);
  });
});

describe('latencyQuantile', () => {
  it('is 0 without calls, and else the end of the bucket in which the share is reached', () => {
    const buckets = [
      { upToMs: 1, calls: 98 },
      { upToMs: 2, calls: 1 },
      { upToMs: 4, calls: 1 },
    ];
    expect(latencyQuantile([], 0.5)).toBe(0);
    expect([0.5, 0.98, 0.99, 1].map((share) => latencyQuantile(buckets, share))).toEqual([
      1, 1, 2, 4,
    ]);
  });
});
