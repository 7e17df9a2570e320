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

describe('values kept encoded', () => {
  const key = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
  const candles = CandleSeries.from(
    key,
    Array.from({ length: 1_000 }, (_, i) => {
      const open = 50_000 + ((i * 37) % 11) * 10;
      return {
        timestamp: i * 60_000,
        open,
        high: open + 20,
        low: open - 10,
        close: open,
        volume: i,
      };
    }),
  );

  it('take several times less room, and are equal when they are read', async () => {
    const bytesOf = async (encodeAboveBytes: number): Promise<number> => {
      await using one = new MemoryCache({ clock, encodeAboveBytes });
      await one.open();
      await one.set('page', { candles, stamp: 7 });
      const read = await one.get('page');
      expect(read).toEqual({ candles, stamp: 7 });
      return (await one.stats()).bytes;
    };
    expect(await bytesOf(1_000)).toBeLessThan((await bytesOf(Number.POSITIVE_INFINITY)) / 4);
  });

  it('are those above the size, and those that are smaller so', async () => {
    await using one = new MemoryCache({ clock, encodeAboveBytes: 3_000 });
    await one.open();
    const small = { candles: candles.slice(0, 3).copy() };
    const noise = crypto.getRandomValues(new Uint8Array(5_000));
    await one.setMany([
      { key: 'small', value: small },
      { key: 'noise', value: noise },
      { key: 'large', value: candles },
    ]);
    expect(await one.get('small')).toBe(small);
    expect(await one.get('noise')).toBe(noise);
    expect(await one.get('large')).not.toBe(candles);
  });

  it('refuse a size that is none', () => {
    expect(() => new MemoryCache({ encodeAboveBytes: -1 })).toThrow(/encodeAboveBytes must be/);
  });
});
