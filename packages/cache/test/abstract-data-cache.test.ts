import type { IDataCache } from '@barkeep/cache';
import { BarkeepError, ManualClock } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import type { AbstractCacheOptions } from '../src/index.ts';
import { RemoteCache } from './remote-cache.ts';

describe('a read that fails below', () => {
  it('is a counted miss by default', async () => {
    const cache = await opened();
    await cache.set('key', 1);
    cache.fault = new BarkeepError('UNAVAILABLE', 'gone', { retryable: true });
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.getMany(['key', 'other'])).toEqual([undefined, undefined]);
    expect(await cache.stats()).toMatchObject({ failures: 2, misses: 3, hits: 0 });
  });

  it('is a miss of its own among others, and an error where that is asked for', async () => {
    for (const onReadFailure of ['miss', 'throw'] as const) {
      const cache = await opened({ onReadFailure });
      await cache.set('key', 1);
      cache.damaged = 'other';
      const reading = cache.getMany(['key', 'other', 'none']);
      if (onReadFailure === 'throw') {
        await expect(reading).rejects.toMatchObject({ code: 'CORRUPT' });
      } else {
        expect(await reading).toEqual([1, undefined, undefined]);
        expect(await cache.stats()).toMatchObject({ failures: 1, misses: 2, hits: 1 });
      }
    }
  });

  it('is an error where that is asked for', async () => {
    const cache = await opened({ onReadFailure: 'throw' });
    cache.fault = new BarkeepError('UNAVAILABLE', 'gone', { retryable: true });
    await expect(cache.get('key')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    await expect(cache.getMany(['key'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    cache.fault = new TypeError('a bug');
    await expect(cache.get('key')).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('never hides bad input, an abort or a closed cache', async () => {
    const cache = await opened();
    await expect(cache.get('')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const { promise, resolve } = Promise.withResolvers<void>();
    cache.wait = promise;
    const controller = new AbortController();
    const reading = cache.get('key', { signal: controller.signal });
    controller.abort();
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
    resolve();
    await cache.close();
    await expect(cache.get('key')).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});

describe('a write that fails below', () => {
  it('is always an error', async () => {
    const cache = await opened();
    cache.fault = new BarkeepError('DISK_FULL', 'full', { retryable: true });
    await expect(cache.set('key', 1)).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(cache.setMany([{ key: 'key', value: 1 }])).rejects.toMatchObject({
      code: 'DISK_FULL',
    });
    await expect(cache.delete('key')).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(cache.clear()).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await cache.stats()).toMatchObject({ writes: 0, failures: 0 });
  });

  it.each<readonly [string, (cache: IDataCache) => Promise<unknown>]>([
    ['clear', (cache) => cache.clear()],
    ['set', (cache) => cache.set('key', 2)],
    ['set for a time', (cache) => cache.set('key', 2, { ttlMs: 10 })],
    [
      'setMany',
      (cache) =>
        cache.setMany([
          { key: 'other', value: 2 },
          { key: 'key', value: 2 },
        ]),
    ],
  ])('lets nothing that has expired live again: %s', async (_, write) => {
    const clock = new ManualClock();
    const cache = await opened({ clock });
    await cache.set('key', 1, { ttlMs: 1_000 });
    clock.advance(1_000);
    clock.setWallTime(clock.now() - 500);
    cache.fault = new BarkeepError('DISK_FULL', 'full', { retryable: true });
    await expect(write(cache)).rejects.toMatchObject({ code: 'DISK_FULL' });
    cache.fault = undefined;
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('what adapters receive', () => {
  it('is an absolute expiry and unique tags', async () => {
    const clock = new ManualClock();
    const cache = await opened({ clock, defaultTtlMs: 5_000 });
    await cache.set('default', 1);
    await cache.set('ttl', 2, { ttlMs: 0.25, tags: ['a', 'b', 'a'] });
    await cache.set('never', 3, { ttlMs: Number.POSITIVE_INFINITY });
    const now = clock.now();
    expect([...cache.entries.values()]).toEqual([
      { key: 'default', value: 1, expiresAt: now + 5_000, tags: [] },
      { key: 'ttl', value: 2, expiresAt: now + 1, tags: ['a', 'b'] },
      { key: 'never', value: 3, expiresAt: Number.POSITIVE_INFINITY, tags: [] },
    ]);
  });

  it('is never an entry that has expired already', async () => {
    const cache = await opened();
    await cache.set('old', 1);
    await cache.setMany([
      { key: 'old', value: 2, ttlMs: 0 },
      { key: 'new', value: 3 },
    ]);
    expect([...cache.entries.keys()]).toEqual(['new']);
  });

  it('is checked on the way out: an adapter that keeps too long does no harm', async () => {
    const clock = new ManualClock();
    const cache = await opened({ clock });
    await cache.set('key', 1, { ttlMs: 1_000 });
    clock.advance(1_000);
    expect(cache.entries.has('key')).toBe(true);
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('calls at a time', () => {
  it('take effect in the order in which they were made, also of what is expired', async () => {
    const cache = await opened();
    await Promise.all([
      cache.setMany([
        { key: 'other', value: 1 },
        { key: 'key', value: 2, ttlMs: 0 },
      ]),
      cache.set('key', 3),
    ]);
    expect(await cache.getMany(['other', 'key'])).toEqual([1, 3]);
  });

  it('fail together when one part of a batch fails, after all have ended', async () => {
    const cache = await opened();
    cache.fault = new BarkeepError('DISK_FULL', 'full', { retryable: true });
    const batch = [
      { key: 'other', value: 1 },
      { key: 'key', value: 2, ttlMs: 0 },
    ];
    await expect(cache.setMany(batch)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await cache.stats()).toMatchObject({ writes: 0 });
  });

  it('have lives of their own when all was cleared meanwhile', async () => {
    const clock = new ManualClock();
    const cache = await opened({ clock });
    await Promise.all([cache.clear(), cache.set('key', 1, { ttlMs: 1_000 })]);
    clock.setWallTime(clock.now() - 60_000);
    clock.advance(1_000);
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('options', () => {
  it.each([
    [{ defaultTtlMs: Number.NaN }, 'defaultTtlMs'],
    [{ onReadFailure: 'ignore' }, 'onReadFailure'],
    [{ sweepIntervalMs: 0 }, 'sweepIntervalMs'],
  ])('%o is refused', (options, field) => {
    expect(() => new RemoteCache(options as AbstractCacheOptions)).toThrow(`${field} must be`);
  });
});

async function opened(options: AbstractCacheOptions = {}): Promise<RemoteCache> {
  const cache = new RemoteCache({ clock: new ManualClock(), ...options });
  await cache.open();
  return cache;
}
