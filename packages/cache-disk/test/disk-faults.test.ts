import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiskCache } from '@barkeep/cache-disk';
import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';
import { expect, it, onTestFinished, vi } from 'vitest';
import { forbiddenDirectory, fullDisk, type Inject, readOnlyDisk } from './disk-fault.ts';

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

const inject: Inject = (failure) => {
  disk.failure = failure;
};

async function openCache(directory: string): Promise<DiskCache> {
  const cache = new DiskCache({ directory });
  onTestFinished(() => cache.close());
  await cache.open();
  return cache;
}

async function codeOf(work: Promise<unknown>): Promise<BarkeepErrorCode | undefined> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return BarkeepError.is(error) ? error.code : undefined;
}

/** The use of files that are so old is noted in them with the next read. */
function age(directory: string): void {
  for (const name of readdirSync(directory)) utimesSync(join(directory, name), 1, 1);
}

it('on a full disk refuses writes, keeps what it has, and goes on when there is room', async () => {
  const { directory, begin, end } = fullDisk(inject);
  const cache = await openCache(directory);
  const page = (i: number) => new Uint8Array(10_000).fill(i);
  for (let i = 0; i < 20; i += 1) await cache.set(`k${i}`, page(i), { tags: [`${i % 2}`] });

  begin();
  for (let i = 0; i < 200; i += 1) {
    const key = `k${i % 40}`;
    expect(await codeOf(cache.set(key, page(99))), key).toBe('DISK_FULL');
  }
  const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
  const kept = keys.map((_, i) => (i < 20 ? page(i) : undefined));
  expect(await cache.getMany(keys)).toEqual(kept);
  expect(await cache.stats()).toMatchObject({ entries: 20, failures: 0, evictions: 0 });
  expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(await cache.invalidate({ tags: ['1'] })).toBe(10);
  expect(await cache.delete('k0')).toBe(true);

  end();
  await cache.set('k0', page(77));
  expect(await cache.getMany(['k0', 'k1', 'k2'])).toEqual([page(77), undefined, page(2)]);
});

it('fills a disk that is smaller than its bound, and loses nothing that it took', async () => {
  const { directory, begin, end } = fullDisk(inject);
  const cache = await openCache(directory);
  const taken = new Map<string, Uint8Array>();
  const fill = async (from: number, to: number) => {
    for (let i = from; i < to; i += 1) {
      const value = new Uint8Array(30_000).fill(i);
      const code = await codeOf(cache.set(`k${i}`, value));
      if (code === undefined) taken.set(`k${i}`, value);
      else expect(code).toBe('DISK_FULL');
    }
  };
  await fill(0, 20);
  begin();
  await fill(20, 60);
  expect(taken.size).toBe(20);
  end();
  await fill(60, 80);
  expect(taken.size).toBeGreaterThan(25);
  expect(await cache.getMany([...taken.keys()])).toEqual([...taken.values()]);
  expect((await cache.keys()).sort()).toEqual([...taken.keys()].sort());
});

it('on a disk that has become read-only still answers, and refuses writes', async () => {
  const { directory, begin, end } = readOnlyDisk(inject);
  const first = await openCache(directory);
  await first.set('a', 1, { tags: ['t'] });
  age(directory);

  begin();
  expect(await codeOf(first.set('a', 2))).toBe('READ_ONLY');
  expect(await first.get('a')).toBe(1);
  const second = await openCache(directory);
  expect(await second.get('a')).toBe(1);
  expect(await second.keys()).toEqual(['a']);
  expect(await codeOf(second.set('b', 2))).toBe('READ_ONLY');
  expect(await second.stats()).toMatchObject({ entries: 1, failures: 0 });
  await second.close();

  end();
  await first.set('a', 3);
  expect(await first.get('a')).toBe(3);
});

it('in a directory of someone else still answers, and refuses writes', async () => {
  const { directory, begin, end } = forbiddenDirectory();
  const first = await openCache(directory);
  await first.set('a', 1, { tags: ['t'] });
  writeFileSync(join(directory, `${'0'.repeat(64)}.bkc`), 'damaged');
  age(directory);

  begin();
  const second = await openCache(directory);
  expect(await second.get('a')).toBe(1);
  for (const write of [
    () => second.set('a', 2),
    () => second.set('b', 2),
    () => second.delete('a'),
    () => second.invalidate({ tags: ['t'] }),
    () => second.clear(),
  ]) {
    expect(await codeOf(write())).toBe('READ_ONLY');
  }
  expect(await second.getMany(['a', 'b'])).toEqual([1, undefined]);
  expect(await second.keys()).toEqual(['a']);
  expect((await second.stats()).failures).toBe(0);
  await second.close();

  end();
  await first.set('a', 3);
  expect(await first.get('a')).toBe(3);
});

it('does not open in a directory that it may not make', async () => {
  const { directory, begin, end } = forbiddenDirectory();
  begin();
  const inside = new DiskCache({ directory: join(directory, 'inside') });
  expect(await codeOf(inside.open())).toBe('READ_ONLY');
  end();
});
