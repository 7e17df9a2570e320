/** One file by several names, in one process and in two. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { ChildProcess } from './child-process.ts';
import * as database from './temporary-database.ts';
import {
  BTC,
  minutes,
  rejection,
  temporaryDirectory,
  temporaryPath,
} from './temporary-database.ts';

/** Without threads that only read, which take long to start. */
const openStorage: typeof database.openStorage = (path, options) =>
  database.openStorage(path, { readers: 0, ...options });

/** The names of a database: the real one, links to it of several kinds, and links to those. */
function namesOf(path: string): Record<'absolute' | 'relative' | 'twice' | 'directory', string> {
  const directory = dirname(path);
  const beside = join(directory, 'beside');
  mkdirSync(beside);
  const names = {
    absolute: join(beside, 'absolute.sqlite3'),
    relative: join(beside, 'relative.sqlite3'),
    twice: join(beside, 'twice.sqlite3'),
    directory: join(beside, 'linked', 'market_data.sqlite3'),
  };
  symlinkSync(path, names.absolute);
  symlinkSync('../market_data.sqlite3', names.relative);
  symlinkSync('relative.sqlite3', names.twice);
  symlinkSync('..', join(beside, 'linked'));
  return names;
}

/** The locks that the process holds on a file, by the kernel. */
function locksOn(path: string): number {
  const { ino } = statSync(path);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `)).length;
}

const shell = ['sqlite3', 'python3'].find((tool) => {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** What another program, with an SQLite of its own, counts. */
function countElsewhere(path: string): number {
  const sql = 'SELECT count(*) FROM candles';
  const script = `import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute("${sql}").fetchone()[0])`;
  const parameters = shell === 'sqlite3' ? [path, sql] : ['-c', script, path];
  return Number(execFileSync(shell ?? '', parameters, { encoding: 'utf8' }));
}

it.skipIf(process.platform !== 'linux')(
  'keeps the locks on a database that another storage opens, closes or fails to open',
  async () => {
    const path = temporaryPath();
    const { absolute, twice } = namesOf(path);
    const first = await openStorage(path);
    await first.candles.write({ key: BTC, candles: minutes(0, 10) });
    const held = locksOn(path);
    expect(held).toBeGreaterThan(0);
    const second = await openStorage(absolute, { readers: 2 });
    expect(locksOn(path)).toBeGreaterThanOrEqual(held);
    await second.close();
    const third = await openStorage(twice);
    await third.integrity?.check();
    await third.close();
    expect(locksOn(path)).toBeGreaterThanOrEqual(held);
  },
);

it.skipIf(shell === undefined)(
  'loses nothing when another SQLite looks at a database that is open twice',
  async () => {
    const path = temporaryPath();
    const { relative } = namesOf(path);
    const first = await openStorage(path, { archive: 'off' });
    const second = await openStorage(relative, { archive: 'off' });
    await first.candles.write({ key: BTC, candles: minutes(0, 10) });
    expect(countElsewhere(path)).toBe(10);
    expect(existsSync(`${path}-wal`)).toBe(true);
    await first.candles.write({ key: BTC, candles: minutes(10, 300) });
    await second.candles.write({ key: BTC, candles: minutes(300, 310) });
    expect(countElsewhere(relative)).toBe(310);
    expect((await first.candles.read(BTC)).length).toBe(310);
  },
);

it('is one database by every symbolic link, and leaves the links as they are', async () => {
  const path = temporaryPath();
  const names = Object.values(namesOf(path));
  for (const [i, name] of names.entries()) {
    const storage = await openStorage(name);
    await storage.candles.write({ key: BTC, candles: minutes(i, i + 1) });
    expect(existsSync(`${path}-wal`), name).toBe(true);
  }
  for (const name of [...names, path]) {
    const storage = await openStorage(name);
    expect((await storage.candles.read(BTC)).length, name).toBe(names.length);
    await storage.close();
  }
  expect(lstatSync(path).isFile()).toBe(true);
  expect(readlinkSync(names[0] ?? '')).toBe(path);
});

it('opens a database by a link after a checkpoint was interrupted, and refuses one cut short', async () => {
  const path = temporaryPath();
  const { relative } = namesOf(path);
  const child = new ChildProcess('write-batches.ts', [path]);
  expect(await child.line()).toBe('ready');
  child.send('x');
  for (let i = 0; i < 5; i += 1) await child.line();
  await child.kill();
  // Pages are brought over in their order, so what is interrupted lacks the last.
  const whole = temporaryPath();
  execFileSync('cp', [path, whole]);
  execFileSync('cp', [`${path}-wal`, `${whole}-wal`]);
  const copy = new Database(whole);
  copy.pragma('wal_checkpoint(TRUNCATE)');
  copy.close();
  execFileSync('cp', [whole, path]);
  truncateSync(path, statSync(whole).size - 3 * 4_096);
  const storage = await openStorage(relative);
  expect(await storage.integrity?.check()).toMatchObject({ ok: true });
  await storage.close();
  truncateSync(path, statSync(path).size - 1);
  expect((await rejection(new SqliteStorage({ path: relative }).open())).code).toBe('CORRUPT');
});

it('makes the database that a link leads to where there is none yet', async () => {
  const path = temporaryPath();
  const { twice } = namesOf(path);
  const storage = await openStorage(twice);
  await storage.candles.write({ key: BTC, candles: minutes(0, 1) });
  expect(lstatSync(path).isFile()).toBe(true);
  expect(lstatSync(twice).isSymbolicLink()).toBe(true);
});

it.each([
  ['itself', 'loop'],
  ['a directory that does not exist', 'none/x.sqlite3'],
  ['a directory', '.'],
])('refuses a link that leads to %s: CANNOT_OPEN', async (_, target) => {
  const path = join(temporaryDirectory(), 'loop');
  symlinkSync(target, path);
  expect((await rejection(new SqliteStorage({ path }).open())).code).toBe('CANNOT_OPEN');
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
});

it('is one database by every hard link, in this process and after another has died', async () => {
  const path = temporaryPath();
  const hard = join(dirname(path), 'hard.sqlite3');
  const first = await openStorage(path);
  linkSync(path, hard);
  const second = await openStorage(hard);
  await first.candles.write({ key: BTC, candles: minutes(0, 1) });
  await second.candles.write({ key: BTC, candles: minutes(1, 2) });
  expect((await first.candles.read(BTC)).length).toBe(2);
  expect(existsSync(`${hard}-wal`)).toBe(false);
  await Promise.all([first.close(), second.close()]);

  const child = new ChildProcess('write-batches.ts', [path]);
  expect(await child.line()).toBe('ready');
  child.send('x');
  await child.line();
  await child.kill();
  const third = await openStorage(hard);
  expect((await third.candles.list()).length).toBe(3);
  expect(await third.integrity?.check()).toMatchObject({ ok: true });
});

it.each(['missing', 'empty'])(
  'refuses a database that is %s while its WAL holds changes, and keeps them: CORRUPT',
  async (what) => {
    const path = temporaryPath();
    const child = new ChildProcess('write-batches.ts', [path]);
    expect(await child.line()).toBe('ready');
    child.send('x');
    await child.line();
    await child.kill();
    execFileSync('cp', [path, `${path}.kept`]);
    if (what === 'missing') execFileSync('rm', [path]);
    else truncateSync(path, 0);
    const error = await rejection(new SqliteStorage({ path }).open());
    expect(error).toMatchObject({ code: 'CORRUPT', details: { wal: `${path}-wal` } });
    execFileSync('mv', [`${path}.kept`, path]);
    const storage = await openStorage(path);
    expect((await storage.candles.list()).length).toBe(2);
  },
);
