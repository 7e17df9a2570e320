import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CacheValue } from '@barkeep/cache';
import { DiskCache, type DiskCacheOptions } from '@barkeep/cache-disk';
import { BarkeepError, type Candle, CandleSeries, ManualClock } from '@barkeep/core';
import { expect, it, onTestFinished, vi } from 'vitest';

/** What the disk says to the next file that is written. */
const disk = vi.hoisted(() => ({ failure: undefined as string | undefined }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs/promises')>();
  const writeFile: typeof fs.writeFile = async (...parameters) => {
    const { failure } = disk;
    if (failure === undefined) return fs.writeFile(...parameters);
    throw Object.assign(new Error(`${failure}: the disk says no`), { code: failure });
  };
  return { ...fs, writeFile };
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-cache-disk-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'cache');
}

async function openCache(options: DiskCacheOptions): Promise<DiskCache> {
  const cache = new DiskCache(options);
  onTestFinished(() => cache.close());
  await cache.open();
  return cache;
}

const KEY = { symbol: '비트코인', timeframe: '1m' } as const;

function series(length: number): CandleSeries {
  const candles = Array.from({ length }, (_, i): Candle => {
    const open = 50_000 + (i % 17) / 100;
    return {
      timestamp: i * 60_000,
      open,
      high: open + 1,
      low: open - 1,
      close: open,
      volume: i / 8,
    };
  });
  return CandleSeries.from(KEY, candles);
}

/** The files of entries, and nothing else is there. */
function filesOf(directory: string): string[] {
  return readdirSync(directory).map((name) => join(directory, name));
}

/** A series is compared by its candles; objects by their own properties. */
function plain(value: CacheValue | undefined): unknown {
  if (value instanceof CandleSeries) return { key: value.key, candles: value.toArray() };
  if (Array.isArray(value)) return value.map(plain);
  const isLeaf = value === null || typeof value !== 'object';
  if (isLeaf || ArrayBuffer.isView(value)) return value;
  return new Map(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

it('keeps candles compressed', async () => {
  const directory = temporaryDirectory();
  const cache = await openCache({ directory });
  await cache.set('page', series(10_000));
  const [file = ''] = filesOf(directory);
  expect(statSync(file).size).toBeLessThan(10_000 * 8);
});

it('takes every truncation and every flipped bit for a counted miss, and goes on', async () => {
  const directory = temporaryDirectory();
  const cache = await openCache({ directory });
  const value = { candles: series(5), note: 'ok' };
  const restore = async (): Promise<[path: string, bytes: Buffer]> => {
    await cache.set('page', value, { tags: ['KRW-BTC'] });
    const [path = ''] = filesOf(directory);
    return [path, readFileSync(path)];
  };
  let [path, bytes] = await restore();
  for (let length = 0; length < bytes.length; length += 7) {
    truncateSync(path, length);
    expect(await cache.get('page')).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    [path, bytes] = await restore();
  }
  const { failures } = await cache.stats();
  expect(failures).toBe(Math.ceil(bytes.length / 7));
  for (let bit = 0; bit < bytes.length * 8; bit += 5) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(path, flipped);
    expect(await cache.get('page')).toBeUndefined();
  }
  await restore();
  expect(plain(await cache.get('page'))).toEqual(plain(value));
});

it('lists and invalidates past damaged files', async () => {
  const directory = temporaryDirectory();
  const cache = await openCache({ directory });
  await cache.set('a', 1, { tags: ['t'] });
  const [path = ''] = filesOf(directory);
  truncateSync(path, 10);
  await cache.set('b', 2, { tags: ['t'] });
  expect(await cache.keys()).toEqual(['b']);
  expect(await cache.invalidate({ tags: ['t'] })).toBe(1);
  expect(filesOf(directory)).toEqual([]);
});

it('evicts the least recently used by bytes, also after a restart', async () => {
  const directory = temporaryDirectory();
  const bounds = { directory, maxBytes: 10_000 };
  const first = await openCache(bounds);
  const page = new Uint8Array(3_000);
  for (const key of ['a', 'b', 'c']) await first.set(key, page);
  await first.get('a');
  await first.close();

  const second = await openCache(bounds);
  await second.set('d', page);
  expect((await second.keys()).sort()).toEqual(['a', 'c', 'd']);
  const { bytes, evictions } = await second.stats();
  expect(evictions).toBe(1);
  expect(bytes).toBeLessThanOrEqual(10_000);
  expect(filesOf(directory).reduce((sum, file) => sum + statSync(file).size, 0)).toBe(bytes);
});

it('does not keep a value beyond its bound, nor the one before it', async () => {
  const cache = await openCache({ directory: temporaryDirectory(), maxBytes: 2_000 });
  await cache.set('a', 1);
  await cache.set('a', new Uint8Array(5_000));
  expect(await cache.get('a')).toBeUndefined();
  expect(await cache.stats()).toMatchObject({ rejections: 1, entries: 0 });
});

it('shares entries, invalidation and bounds with other caches of the directory', async () => {
  const directory = temporaryDirectory();
  const one = await openCache({ directory });
  const other = await openCache({ directory });
  await one.set('KRW-BTC/1m', 1, { tags: ['KRW-BTC'] });
  expect(await other.get('KRW-BTC/1m')).toBe(1);
  await other.set('KRW-BTC/5m', 2, { tags: ['KRW-BTC'] });
  expect(await one.invalidate({ tags: ['KRW-BTC'] })).toBe(2);
  expect(await other.get('KRW-BTC/5m')).toBeUndefined();
  await other.set('x', 3);
  await one.clear();
  expect(await other.keys()).toEqual([]);
});

it.each([
  ['ENOSPC', 'DISK_FULL'],
  ['EROFS', 'READ_ONLY'],
  ['EIO', 'IO'],
])('tells of a write that failed with %s, and shows nothing of it', async (failure, code) => {
  const directory = temporaryDirectory();
  const cache = await openCache({ directory });
  await cache.set('a', 1);
  onTestFinished(() => {
    disk.failure = undefined;
  });
  disk.failure = failure;
  const error = await cache.set('b', 2).catch((reason: unknown) => reason);
  expect(BarkeepError.is(error, code as 'IO')).toBe(true);
  await expect(cache.set('a', 3)).rejects.toThrow();
  expect([await cache.get('a'), await cache.get('b')]).toEqual([1, undefined]);
  expect(await cache.stats()).toMatchObject({ entries: 1 });
  disk.failure = undefined;
  await cache.set('b', 2);
  expect(await cache.get('b')).toBe(2);
  expect(filesOf(directory)).toHaveLength(2);
});

it('removes what a process that died has left half-written', async () => {
  const directory = temporaryDirectory();
  const cache = await openCache({ directory });
  const [old, young] = [join(directory, 'old.tmp'), join(directory, 'young.tmp')];
  writeFileSync(old, '');
  writeFileSync(young, '');
  utimesSync(old, 1, 1);
  await cache.sweep();
  expect(filesOf(directory)).toEqual([young]);
});

it('forgets what has expired', async () => {
  const directory = temporaryDirectory();
  const clock = new ManualClock(1_000);
  const cache = await openCache({ directory, clock });
  await cache.set('a', 1, { ttlMs: 10 });
  await cache.set('b', 2);
  clock.advance(10);
  expect([await cache.get('a'), await cache.get('b')]).toEqual([undefined, 2]);
  expect(await cache.sweep()).toBe(1);
  expect(filesOf(directory)).toHaveLength(1);
});

it('sweeps what it has seen live before, and what others have put in its place', async () => {
  const directory = temporaryDirectory();
  const clock = new ManualClock(1_000);
  const cache = await openCache({ directory, clock });
  const other = await openCache({ directory, clock });
  await cache.set('soon', 1, { ttlMs: 10 });
  await cache.set('late', 2, { ttlMs: 100 });
  await cache.set('replaced', 3);
  expect(await cache.sweep()).toBe(0);
  await other.set('replaced', 4, { ttlMs: 20 });
  await other.set('soon', 5, { ttlMs: 50 });
  clock.advance(20);
  expect(await cache.sweep()).toBe(1);
  expect((await cache.keys()).sort()).toEqual(['late', 'soon']);
  clock.advance(80);
  expect(await cache.sweep()).toBe(2);
  expect(filesOf(directory)).toEqual([]);
});

it('remembers after a restart what was used since the last look', async () => {
  const directory = temporaryDirectory();
  const bounds = { directory, maxEntries: 2 };
  const first = await openCache(bounds);
  for (const key of ['a', 'b']) await first.set(key, key);
  await first.get('a');
  await first.sweep();
  await first.close();
  const second = await openCache(bounds);
  await second.set('c', 'c');
  expect((await second.keys()).sort()).toEqual(['a', 'c']);
});

it.each([
  ['directory', { directory: '' }],
  ['maxBytes', { maxBytes: 0 }],
  ['maxEntries', { maxEntries: 1.5 }],
])('refuses a bad option: %s %j', (field, options) => {
  expect(() => new DiskCache(options)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', details: expect.objectContaining({ field }) }),
  );
});
