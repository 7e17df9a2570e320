import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { keyvCacheFromUrl } from '../src/index.ts';

it('makes a cache over a Map', async () => {
  await using cache = await keyvCacheFromUrl({ url: '', maxEntries: 128 });
  expect(cache.capabilities).toMatchObject({ sharing: 'process', persistent: false });
  await cache.open();
  await cache.set('key', [1, 2]);
  expect(await cache.get('key')).toEqual([1, 2]);
});

it('makes a cache over the store of a URL, and closes it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'barkeep-keyv-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const url = `sqlite://${join(directory, 'cache.sqlite3')}`;
  for (const expected of [undefined, 'there']) {
    await using cache = await keyvCacheFromUrl({ url, namespace: 'pages' });
    expect(cache.capabilities).toMatchObject({ sharing: 'multi-process', persistent: true });
    await cache.open();
    expect(await cache.get('key')).toBe(expected);
    await cache.set('key', 'there');
  }
});

it('names the package of a store that is missing', async () => {
  await expect(keyvCacheFromUrl({ url: 'nobody-wrote-this://host' })).rejects.toMatchObject({
    code: 'MISSING_PACKAGE',
    details: { package: '@keyv/nobody-wrote-this', install: 'npm install @keyv/nobody-wrote-this' },
  });
});

it('refuses what is no URL, and never shows its password', async () => {
  const refused = keyvCacheFromUrl({ url: 'me:secret@localhost' });
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_INPUT', details: { field: 'url' } });
  await expect(refused).rejects.not.toThrow('secret');
});

it('never shows the password of a URL that the store refuses', async () => {
  const url = 'redis://me:secret@localhost:none';
  const error: unknown = await keyvCacheFromUrl({ url }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'INVALID_INPUT', details: { field: 'url' } });
  expect(inspect(error, { depth: Number.POSITIVE_INFINITY })).not.toContain('secret');
});

it('makes no store for options that it refuses', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'barkeep-keyv-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'cache.sqlite3');
  const refused = keyvCacheFromUrl({ url: `sqlite://${file}`, maxEntries: 1 });
  await expect(refused).rejects.toMatchObject({ details: { field: 'maxEntries' } });
  await expect(access(file)).rejects.toMatchObject({ code: 'ENOENT' });
});
