/** What becomes of a database file, whatever leads to it and whatever is done to it meanwhile. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SqlJsStorage } from '@barkeep/storage-sqljs';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { FileLock } from '../src/file/file-lock.ts';
import { OtherProgram } from './other-program.ts';
import { BTC, minutes, openStorage, rejection, temporaryPath } from './temporary-database.ts';

const NEVER = { saveDelayMs: 3_600_000 };
const isRoot = process.getuid?.() === 0;

/** A database with ten candles. */
async function filledDatabase(): Promise<string> {
  const path = temporaryPath();
  const storage = await openStorage(path);
  await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
  await storage.close();
  return path;
}

async function countAt(path: string): Promise<number> {
  const storage = await openStorage(path);
  const { length } = await storage.candles.read(BTC);
  await storage.close();
  return length;
}

/** What a writer has left at a path that was killed: its changes are in a write-ahead log. */
async function killedWriter(path: string): Promise<void> {
  const alive = await filledDatabase();
  const writer = new Database(alive);
  writer.pragma('journal_mode = WAL');
  writer.exec('UPDATE candle_rows SET volume = 77');
  for (const suffix of ['', '-wal']) copyFileSync(`${alive}${suffix}`, `${path}${suffix}`);
  writer.close();
}

const SEVENTY_SEVEN = Array.from({ length: 10 }, () => 77);

it('follows a symbolic link: to the log of a killed writer, and when it saves', async () => {
  const real = temporaryPath();
  const link = join(dirname(temporaryPath()), 'link');
  symlinkSync(real, link);
  await killedWriter(real);
  const storage = await openStorage(link);
  expect([...(await storage.candles.read(BTC)).volume]).toEqual(SEVENTY_SEVEN);
  await storage.candles.write({ key: BTC, candles: minutes(10, 15) });
  await storage.close();
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readdirSync(dirname(real))).toEqual([basename(real)]);
  expect(await countAt(real)).toBe(15);
});

it('finds the log of a killed writer beside another hard link', async () => {
  const path = temporaryPath();
  const hardLink = join(dirname(path), 'hard-link');
  await killedWriter(hardLink);
  linkSync(hardLink, path);
  for (const name of [path, hardLink]) {
    const storage = await openStorage(name);
    expect([...(await storage.candles.read(BTC)).volume]).toEqual(SEVENTY_SEVEN);
    await storage.close();
  }
  expect(readdirSync(dirname(path)).toSorted()).toEqual(['hard-link', basename(path)]);
});

it('waits for whoever is about to let go', async () => {
  const path = await filledDatabase();
  const first = await FileLock.take(path);
  const second = FileLock.take(path);
  first.release();
  (await second).release();
});

it('makes the file that a link leads to', async () => {
  const real = temporaryPath();
  const link = join(dirname(temporaryPath()), 'link');
  symlinkSync(real, link);
  const storage = await openStorage(link);
  await storage.close();
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(statSync(real).size).toBeGreaterThan(0);
});

it('takes a database with what a killed transaction has left', async () => {
  const [path, alive] = [temporaryPath(), await filledDatabase()];
  const writer = new Database(alive);
  writer.exec(`
    PRAGMA cache_size = 1;
    BEGIN;
    UPDATE candle_rows SET open = -1, close = -1;
    CREATE TABLE filling AS
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
      SELECT i, randomblob(100) FROM n;
  `);
  for (const suffix of ['', '-journal']) copyFileSync(`${alive}${suffix}`, `${path}${suffix}`);
  writer.close();
  const storage = await openStorage(path);
  expect((await storage.candles.read(BTC)).toArray()).toEqual(minutes(0, 10));
  expect(existsSync(`${path}-journal`)).toBe(false);
});

it.each([0o600, 0o640, 0o666])('keeps mode %o, owner, inode and hard links', async (mode) => {
  const path = await filledDatabase();
  const hardLink = join(dirname(path), 'hard-link');
  linkSync(path, hardLink);
  chmodSync(path, mode);
  if (isRoot) chownSync(path, 65_534, 65_534);
  const before = statSync(path);
  const storage = await openStorage(path);
  await storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  await storage.flush();
  await storage.close();
  const { mode: after, uid, gid, ino } = statSync(path);
  expect([after, uid, gid, ino]).toEqual([before.mode, before.uid, before.gid, before.ino]);
  expect(readFileSync(hardLink).equals(readFileSync(path))).toBe(true);
});

it('writes nothing when nothing has changed, and only pages that have', async () => {
  const path = temporaryPath();
  const storage = await openStorage(path, NEVER);
  await storage.candles.write({ key: BTC, candles: minutes(0, 20_000) });
  await storage.flush();
  const [before, bytes] = [statSync(path), readFileSync(path)];
  await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
  await storage.flush();
  expect(statSync(path).mtimeMs).toBe(before.mtimeMs);
  await storage.metadata.set('note', 'something short');
  await storage.flush();
  const after = readFileSync(path);
  let differing = 0;
  for (let at = 0; at < after.length; at += 4_096) {
    if (!after.subarray(at, at + 4_096).equals(bytes.subarray(at, at + 4_096))) differing += 1;
  }
  expect(differing).toBeGreaterThan(0);
  expect(differing).toBeLessThan(6);
  expect(statSync(path).ino).toBe(before.ino);
});

const GONE = { code: 'CANNOT_OPEN', retryable: false };
const CHANGED = { code: 'BUSY', retryable: false };

it.each([
  ['deleted', GONE, (path: string) => rmSync(path)],
  ['moved away', GONE, (path: string) => renameSync(path, `${path}.old`)],
  [
    'in a directory that was moved away',
    GONE,
    (path: string) => renameSync(dirname(path), `${dirname(path)}.old`),
  ],
  [
    'replaced by a copy',
    GONE,
    (path: string) => {
      copyFileSync(path, `${path}.new`);
      renameSync(`${path}.new`, path);
    },
  ],
  ['overwritten in place', CHANGED, (path: string) => copyFileSync(`${path}.before`, path)],
  ['emptied', CHANGED, (path: string) => writeFileSync(path, '')],
])('notices that the file was %s, and touches nothing', async (_, failure, act) => {
  const path = await filledDatabase();
  copyFileSync(path, `${path}.before`);
  const storage = await openStorage(path, NEVER);
  await storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  await storage.flush();
  act(path);
  const left = existsSync(path) ? read(path) : undefined;
  // Also while there is nothing to save.
  expect(await rejection(storage.flush())).toMatchObject(failure);
  const write = storage.candles.write({ key: BTC, candles: minutes(20, 30) });
  expect(await rejection(write)).toMatchObject({ ...failure, details: { path } });
  expect(await rejection(storage.flush())).toMatchObject(failure);
  expect((await storage.candles.read(BTC)).length).toBe(30);
  expect(await rejection(storage.close())).toMatchObject(failure);
  expect(storage.state).toBe('closed');
  expect(existsSync(path) ? read(path) : undefined).toBe(left);
});

it('notices that its link leads elsewhere', async () => {
  const real = await filledDatabase();
  const link = join(dirname(real), 'link');
  symlinkSync(real, link);
  const storage = await openStorage(link, NEVER);
  rmSync(link);
  symlinkSync(await filledDatabase(), link);
  const write = storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  expect(await rejection(write)).toMatchObject(GONE);
  expect(await rejection(storage.close())).toMatchObject(GONE);
  expect(await countAt(real)).toBe(10);
  expect(await countAt(link)).toBe(10);
});

it('saves when the file is put back', async () => {
  const path = await filledDatabase();
  const storage = await openStorage(path, NEVER);
  renameSync(path, `${path}.old`);
  const write = storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  expect(await rejection(write)).toMatchObject(GONE);
  expect(await rejection(storage.flush())).toMatchObject(GONE);
  expect(existsSync(path)).toBe(false);
  renameSync(`${path}.old`, path);
  await storage.flush();
  await storage.close();
  expect(await countAt(path)).toBe(20);
});

it.each([
  ['an empty file', (path: string) => writeFileSync(path, '')],
  [
    'a database without anything in it',
    (path: string) => {
      const database = new Database(path);
      database.exec('VACUUM');
      database.close();
    },
  ],
  [
    'an empty database with a write-ahead log',
    (path: string) => {
      const database = new Database(path);
      database.pragma('journal_mode = WAL');
      database.close();
    },
  ],
])('begins anew with %s', async (_, make) => {
  const path = temporaryPath();
  make(path);
  const storage = await openStorage(path);
  await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
  await storage.close();
  const database = new Database(path, { readonly: true });
  expect(database.pragma('auto_vacuum', { simple: true })).toBe(2);
  database.close();
  expect(await countAt(path)).toBe(10);
});

it.each([
  ['NOT_A_DATABASE', (path: string) => writeFileSync(path, 'a shopping list '.repeat(1_000))],
  [
    'NOT_A_DATABASE',
    (path: string) => {
      const database = new Database(path);
      database.exec('CREATE TABLE songs (title)');
      database.close();
    },
  ],
  [
    'NOT_A_DATABASE',
    (path: string) => {
      const database = new Database(path);
      database.exec('PRAGMA journal_mode = WAL; CREATE TABLE songs (title)');
      database.close();
    },
  ],
  ['CORRUPT', (path: string) => writeFileSync(`${path}-wal`, new Uint8Array(4_096))],
  ['CANNOT_OPEN', (path: string) => mkdirSync(path)],
])('leaves what it cannot use: %s', async (code, make) => {
  const path = temporaryPath();
  make(path);
  const names = readdirSync(dirname(path));
  const bytes = () =>
    names
      .map((name) => join(dirname(path), name))
      .filter(isFile)
      .map(read);
  const before = bytes();
  const error = await rejection(new SqlJsStorage({ path }).open());
  expect(error.code).toBe(code);
  expect(readdirSync(dirname(path))).toEqual(names);
  expect(bytes()).toEqual(before);
});

it('needs node:sqlite, and says so', async () => {
  const path = await filledDatabase();
  const other = new OtherProgram({ execArgv: ['--no-experimental-sqlite'] });
  expect(await other.does({ do: 'open', path, storage: 'sqljs' })).toBe('INCOMPATIBLE');
  await other.kill();
});

it('refuses what it may not write: READ_ONLY', async () => {
  const path = await filledDatabase();
  const before = statSync(path).mtimeMs;
  const other = new OtherProgram();
  // What it needs is loaded by whoever may read the folder of these sources.
  await other.does({ do: 'open', path: temporaryPath(), storage: 'sqljs' });
  await other.does({ do: 'close' });
  expect(await other.does({ do: 'become-nobody' })).toBe(undefined);
  for (const [file, directory] of [
    [0o444, 0o777],
    [0o666, 0o555],
    [0o000, 0o777],
  ] as const) {
    chmodSync(path, file);
    chmodSync(dirname(path), directory);
    expect(await other.does({ do: 'open', path, storage: 'sqljs' })).toBe('READ_ONLY');
    expect(readdirSync(dirname(path))).toEqual([basename(path)]);
    expect([statSync(path).mode & 0o777, statSync(path).mtimeMs]).toEqual([file, before]);
  }
  // The same when the right is taken away while it is open.
  chmodSync(path, 0o666);
  chmodSync(dirname(path), 0o777);
  expect(await other.does({ do: 'open', path, storage: 'sqljs' })).toBe(undefined);
  await other.does({ do: 'write', symbol: 'X', candles: 1 });
  chmodSync(path, 0o444);
  expect(await other.does({ do: 'flush' })).toBe('READ_ONLY');
  expect(await other.does({ do: 'close' })).toBe('READ_ONLY');
  expect([statSync(path).mode & 0o777, statSync(path).mtimeMs]).toEqual([0o444, before]);
  await other.kill();
});

function isFile(path: string): boolean {
  return statSync(path).isFile();
}

function read(path: string): string {
  return readFileSync(path, 'base64');
}
