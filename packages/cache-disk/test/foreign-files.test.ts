/** What lies under an entry's name and is none: a miss, and never the end of the process. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskCache } from '@barkeep/cache-disk';
import { expect, it, onTestFinished } from 'vitest';

async function openCache(): Promise<{ cache: DiskCache; pathOf: (key: string) => string }> {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-foreign-'));
  const cache = new DiskCache({ directory });
  await cache.open();
  onTestFinished(async () => {
    await cache.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const pathOf = (key: string): string => {
    const digest = createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex');
    return join(directory, `${digest}.bkc`);
  };
  return { cache, pathOf };
}

it.each([
  ['a file of more than two gibibytes', (path: string) => sparse(path, 3e9)],
  ['a file of just less', (path: string) => sparse(path, 2 ** 31 - 2)],
  ['a directory', (path: string) => mkdirSync(path)],
  ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ['a link to itself', (path: string) => symlinkSync(path, path)],
  ['a link to another file', (path: string) => symlinkSync('/etc/passwd', path)],
])('%s is a miss', async (_, make) => {
  const { cache, pathOf } = await openCache();
  await cache.set('sound', 1);
  make(pathOf('strange'));
  expect(await cache.get('strange')).toBeUndefined();
  expect(await cache.getMany(['strange', 'sound'])).toEqual([undefined, 1]);
  expect((await cache.stats()).entries).toBe(1);
  expect(await cache.keys()).toEqual(['sound']);
  await cache.clear();
  expect(await cache.get('sound')).toBeUndefined();
});

function sparse(path: string, bytes: number): void {
  writeFileSync(path, '');
  truncateSync(path, bytes);
}
