/** A database whose file, WAL or link is taken away while it is open. */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { SqliteStorage, type SqliteStorageOptions } from '@barkeep/storage-sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { BTC, minutes, rejection, temporaryPath } from './temporary-database.ts';

const linux = process.platform === 'linux';

/** Without threads that only read, which take long to start; closed with the test, which may fail. */
async function openStorage(
  path: string,
  options: Partial<SqliteStorageOptions> = {},
): Promise<SqliteStorage> {
  const storage = new SqliteStorage({ path, busyTimeoutMs: 100, readers: 0, ...options });
  onTestFinished(() => storage.close().catch(() => undefined));
  await storage.open();
  return storage;
}

/** A database with ten candles, open, and an older copy of it without any. */
async function openDatabase(options: Partial<SqliteStorageOptions> = {}) {
  const path = temporaryPath();
  const older = `${path}.older`;
  await (await openStorage(path)).close();
  copyFileSync(path, older);
  const storage = await openStorage(path, options);
  await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
  return { path, older, storage };
}

async function candlesIn(path: string): Promise<number> {
  const storage = await openStorage(path);
  const { length } = await storage.candles.read(BTC);
  expect(await storage.integrity?.check()).toMatchObject({ ok: true });
  await storage.close();
  return length;
}

const everyChange: readonly [string, (storage: SqliteStorage) => Promise<unknown>][] = [
  ['candles.write', ({ candles }) => candles.write({ key: BTC, candles: minutes(10, 20) })],
  ['candles.remove', ({ candles }) => candles.remove(BTC)],
  ['coverage.add', ({ coverage }) => coverage.add(BTC, { from: 0, to: 60_000 }, { source: 'x' })],
  ['coverage.remove', ({ coverage }) => coverage.remove(BTC)],
  ['metadata.set', ({ metadata }) => metadata.set('a', 1)],
  ['metadata.delete', ({ metadata }) => metadata.delete('a')],
  ['changes.announce', ({ changes }) => changes.announce(BTC)],
  ['integrity.quarantine', async ({ integrity }) => integrity?.quarantine()],
  ['maintenance.compact', async ({ maintenance }) => maintenance?.compact()],
  ['flush', (storage) => storage.flush()],
  ['close', (storage) => storage.close()],
];

const all = (path: string): string[] =>
  ['', '-wal', '-shm'].map((end) => `${path}${end}`).filter((file) => existsSync(file));

const displacements: readonly [string, (path: string, older: string) => void, RegExp][] = [
  ['deleted', (path) => unlinkSync(path), /deleted/],
  ['deleted with its WAL', (path) => all(path).map((file) => rmSync(file)), /deleted/],
  ['moved', (path) => renameSync(path, `${path}.moved`), /moved/],
  [
    'moved with its WAL',
    (path) => {
      for (const file of all(path)) renameSync(file, file.replace(path, `${path}.moved`));
    },
    /moved/,
  ],
  ['moved with its directory', (path) => renameSync(dirname(path), `${dirname(path)}-m`), /moved/],
  ['replaced by an older copy', (path, older) => renameSync(older, path), /deleted.*in its place/],
  [
    'replaced by a directory',
    (path) => {
      renameSync(path, `${path}.moved`);
      mkdirSync(path);
    },
    /moved.*in its place/,
  ],
];

it.each(displacements)('%s: no change is acknowledged any more', async (_, displace, what) => {
  const { path, older, storage } = await openDatabase();
  displace(path, older);
  for (const [name, change] of everyChange) {
    const error = await rejection(change(storage));
    expect(error, name).toMatchObject({ code: 'CANNOT_OPEN', retryable: false });
    expect(error.message, name).toContain(path);
    if (linux) expect(error.message, name).toMatch(what);
  }
  expect(storage.state).toBe('closed');
});

it.each(['process-crash', 'power-loss'] as const)(
  'a flush notices what no change has noticed yet: %s',
  async (durability) => {
    const { path, storage } = await openDatabase({ durability });
    rmSync(path);
    expect((await rejection(storage.flush())).code).toBe('CANNOT_OPEN');
    expect((await storage.candles.read(BTC)).length).toBe(10);
  },
);

it('all that was stored is in a file that was moved, whatever became of its WAL', async () => {
  const { path, storage } = await openDatabase();
  const moved = `${path}.moved`;
  renameSync(path, moved);
  const error = await rejection(storage.candles.write({ key: BTC, candles: minutes(10, 11) }));
  if (linux) expect(error.details['data']).toContain(moved);
  expect((await rejection(storage.close())).code).toBe('CANNOT_OPEN');
  for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  expect(await candlesIn(moved)).toBeGreaterThanOrEqual(10);
});

it('nothing of a database gets into the one that replaced it', async () => {
  const { path, older, storage } = await openDatabase();
  const before = readFileSync(older);
  renameSync(older, path);
  await rejection(storage.candles.write({ key: BTC, candles: minutes(10, 11) }));
  await rejection(storage.close());
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(await candlesIn(path)).toBe(0);
});

it.skipIf(!linux)('says where a file that was deleted can be copied from', async () => {
  const { path, storage } = await openDatabase();
  rmSync(path);
  const error = await rejection(storage.candles.write({ key: BTC, candles: minutes(10, 11) }));
  const descriptor = /\/proc\/\d+\/fd\/\d+/.exec(error.message)?.[0] ?? '';
  const { execFileSync } = await import('node:child_process');
  execFileSync('cp', [descriptor, `${path}.copy`]);
  expect(await candlesIn(`${path}.copy`)).toBeGreaterThanOrEqual(10);
});

it('goes on when the file is back', async () => {
  const { path, storage } = await openDatabase();
  renameSync(path, `${path}.moved`);
  await rejection(storage.candles.write({ key: BTC, candles: minutes(10, 20) }));
  renameSync(`${path}.moved`, path);
  await storage.candles.write({ key: BTC, candles: minutes(20, 30) });
  await storage.close();
  expect(await candlesIn(path)).toBeGreaterThanOrEqual(20);
});

it('a new name of the file changes nothing', async () => {
  const { path, storage } = await openDatabase();
  linkSync(path, `${path}.hard`);
  await storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  await storage.close();
  expect(await candlesIn(path)).toBe(20);
});

it('a link that leads elsewhere is noticed, and nothing is lost', async () => {
  const { path, older } = await openDatabase();
  const link = join(dirname(path), 'link.sqlite3');
  symlinkSync(path, link);
  const storage = await openStorage(link);
  await storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  rmSync(link);
  symlinkSync(older, link);
  const error = await rejection(storage.candles.write({ key: BTC, candles: minutes(20, 21) }));
  expect(error.details['data']).toContain(path);
  expect((await rejection(storage.close())).code).toBe('CANNOT_OPEN');
  expect(await candlesIn(path)).toBeGreaterThanOrEqual(20);
});

it.each([
  ['deleted', (path: string) => rmSync(`${path}-wal`)],
  ['moved', (path: string) => renameSync(`${path}-wal`, `${path}-wal.moved`)],
  ['replaced', (path: string) => copyFileSync(`${path}-wal`, `${path}-wal2`)],
])('a WAL that is %s is noticed, and all is in the database', async (what, displace) => {
  const { path, storage } = await openDatabase();
  displace(path);
  if (what === 'replaced') renameSync(`${path}-wal2`, `${path}-wal`);
  const error = await rejection(storage.candles.write({ key: BTC, candles: minutes(10, 11) }));
  expect(error).toMatchObject({ code: 'CANNOT_OPEN', details: { isSaved: true } });
  expect((await rejection(storage.flush())).code).toBe('CANNOT_OPEN');
  await storage.close();
  rmSync(`${path}-wal`, { force: true });
  expect(await candlesIn(path)).toBeGreaterThanOrEqual(10);
});

it('does not look into, repair or compact a database that took the place of the one it opened', async () => {
  const { path, older, storage } = await openDatabase();
  renameSync(path, `${path}.moved`);
  expect((await rejection(Promise.resolve(storage.integrity?.check()))).code).toBe('CANNOT_OPEN');
  expect(existsSync(path)).toBe(false);
  renameSync(older, path);
  expect((await rejection(Promise.resolve(storage.integrity?.check()))).code).toBe('CANNOT_OPEN');
  expect((await rejection(Promise.resolve(storage.maintenance?.explain()))).code).toBe(
    'CANNOT_OPEN',
  );
});
