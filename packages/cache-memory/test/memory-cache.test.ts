import { CandleSeries, ManualClock } from '@barkeep/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryCache } from '../src/index.ts';

const clock = new ManualClock();
let cache: MemoryCache;

beforeEach(async () => {
  cache = new MemoryCache({ clock, maxEntries: 3, maxBytes: 4_096 });
  await cache.open();
});

afterEach(() => cache.close());

describe('bounds', () => {
  it('drops the least recently used entry', async () => {
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    await cache.get('a');
    await cache.set('d', 'd');
    expect(await cache.getMany(['a', 'b', 'c', 'd'])).toEqual(['a', undefined, 'c', 'd']);
    expect(await cache.stats()).toMatchObject({ entries: 3, evictions: 1 });
  });

  it('keeps its bytes below the bound', async () => {
    for (const key of ['a', 'b', 'c']) await cache.set(key, new Uint8Array(1_500));
    const { bytes, entries } = await cache.stats();
    expect(bytes).toBeLessThanOrEqual(4_096);
    expect(entries).toBe(2);
  });

  it('does not store what exceeds the bound, nor keeps the value before it', async () => {
    await cache.set('a', 'old', { tags: ['t'] });
    await cache.set('a', new Uint8Array(5_000));
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.invalidate({ tags: ['t'] })).toBe(0);
    expect(await cache.stats()).toMatchObject({ entries: 0, bytes: 0, rejections: 1 });
  });

  it('forgets the tags of entries that were evicted', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, key, { tags: ['t'] });
    expect(await cache.invalidate({ tags: ['t'] })).toBe(3);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses a bound of %s', (bound) => {
    expect(() => new MemoryCache({ maxEntries: bound })).toThrow(/maxEntries must be/);
    expect(() => new MemoryCache({ maxBytes: bound })).toThrow(/maxBytes must be/);
  });
});

describe('slices', () => {
  it('does not keep a large buffer for a small slice', async () => {
    const columns = new Float64Array(100_000);
    await cache.set('slice', columns.subarray(10, 20));
    const kept = await cache.get('slice');
    expect(kept).toEqual(new Float64Array(10));
    expect(kept).toHaveProperty('buffer.byteLength', 80);
  });

  it('does not keep a long series for a few of its candles', async () => {
    const series = CandleSeries.from(
      { symbol: 'KRW-BTC', timeframe: '1m' },
      Array.from({ length: 2_000 }, (_, i) => ({
        timestamp: i * 60_000,
        open: 1,
        high: 1,
        low: 1,
        close: 1,
        volume: i,
      })),
    );
    await cache.set('slice', series.slice(7, 9));
    expect((await cache.stats()).bytes).toBeLessThan(3_000);
    const kept = await cache.get('slice');
    expect(kept instanceof CandleSeries && kept.equals(series.slice(7, 9))).toBe(true);
  });
});

describe('sweeping', () => {
  it('removes what has expired, with one timer', async () => {
    await cache.set('a', 1, { ttlMs: 1_000 });
    await cache.set('b', 2, { ttlMs: 60_000 });
    expect(clock.pendingTimers).toBe(1);
    clock.advance(30_000);
    expect(await cache.stats()).toMatchObject({ entries: 1, expirations: 1 });
  });

  it('stops with close', async () => {
    await cache.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
