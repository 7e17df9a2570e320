import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { ChildProcess } from './child-process.ts';
import {
  BTC,
  minutes,
  openStorage,
  rejection,
  temporaryDirectory,
  temporaryPath,
} from './temporary-database.ts';

async function filledDatabase(): Promise<string> {
  const path = temporaryPath();
  const storage = await openStorage(path);
  await storage.candles.write({ key: BTC, candles: minutes(0, 2_000) });
  await storage.close();
  return path;
}

/** Opens a database that must fail to, and checks that the file is as before. */
async function refusal(path: string) {
  const before = readFileSync(path);
  const error = await rejection(new SqliteStorage({ path }).open());
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(readdirSync(dirname(path)).filter((name) => name.endsWith('-journal'))).toEqual([]);
  return error;
}

it('a locked database: BUSY, retryable, and as good as ever when the lock is gone', async () => {
  const path = await filledDatabase();
  const storage = await openStorage(path);
  const other = new Database(path);
  other.exec('BEGIN IMMEDIATE');
  const write = () => storage.candles.write({ key: BTC, candles: minutes(2_000, 2_010) });
  expect(await rejection(write())).toMatchObject({ code: 'BUSY', retryable: true });
  expect((await storage.candles.read(BTC)).length).toBe(2_000);
  other.exec('ROLLBACK');
  other.close();
  expect(await write()).toEqual({ inserted: 10, updated: 0, unchanged: 0 });
});

it('a directory that does not exist: CANNOT_OPEN', async () => {
  const storage = new SqliteStorage({ path: join(temporaryDirectory(), 'none', 'x.sqlite3') });
  expect((await rejection(storage.open())).code).toBe('CANNOT_OPEN');
});

it('a path that is a directory: CANNOT_OPEN', async () => {
  const storage = new SqliteStorage({ path: temporaryDirectory() });
  expect((await rejection(storage.open())).code).toBe('CANNOT_OPEN');
});

it('a directory that is a file: CANNOT_OPEN', async () => {
  const path = temporaryPath();
  writeFileSync(path, '');
  const storage = new SqliteStorage({ path: join(path, 'x.sqlite3') });
  expect((await rejection(storage.open())).code).toBe('CANNOT_OPEN');
});

it('a read-only file: READ_ONLY', async () => {
  const path = await filledDatabase();
  chmodSync(dirname(path), 0o777);
  chmodSync(path, 0o444);
  const before = readFileSync(path);
  const child = new ChildProcess('open-and-report.ts', [path, temporaryPath()]);
  expect(await child.line()).toBe('READ_ONLY');
  expect(await child.exitCode()).toBe(0);
  expect(readFileSync(path).equals(before)).toBe(true);
});

it('a read-only directory: READ_ONLY, and nothing is made in it', async () => {
  const directory = join(temporaryDirectory(), 'readable');
  chmodSync(dirname(directory), 0o755);
  mkdirSync(directory);
  chmodSync(directory, 0o555);
  const child = new ChildProcess('open-and-report.ts', [join(directory, 'x'), temporaryPath()]);
  expect(await child.line()).toBe('READ_ONLY');
  expect(await child.exitCode()).toBe(0);
  expect(readdirSync(directory)).toEqual([]);
});

it('a file that is not a database: NOT_A_DATABASE', async () => {
  const path = temporaryPath();
  writeFileSync(path, 'timestamp,open,high,low,close,volume\n'.repeat(1_000));
  expect((await refusal(path)).code).toBe('NOT_A_DATABASE');
});

it('a database of another application: NOT_A_DATABASE', async () => {
  const path = temporaryPath();
  new Database(path).exec('CREATE TABLE settings (key, value)').close();
  expect((await refusal(path)).code).toBe('NOT_A_DATABASE');
});

it('a database of a newer schema: SCHEMA_TOO_NEW', async () => {
  const path = await filledDatabase();
  new Database(path).exec('PRAGMA user_version = 1000').close();
  expect(await refusal(path)).toMatchObject({
    code: 'SCHEMA_TOO_NEW',
    details: { version: 1_000 },
  });
});

it('a truncated database: CORRUPT, down to the last byte', async () => {
  const path = await filledDatabase();
  const whole = readFileSync(path);
  for (const length of [whole.length - 1, whole.length - 4_096, 4_096, 5_000]) {
    writeFileSync(path, whole.subarray(0, length));
    expect((await refusal(path)).code, `${length} bytes`).toBe('CORRUPT');
  }
  writeFileSync(path, whole);
  const storage = await openStorage(path);
  expect((await storage.candles.read(BTC)).length).toBe(2_000);
});

const shell = spawnSync('sqlite3', ['--version']).status === 0;

it.skipIf(!shell)(
  'opens a database that was restored from a .dump, with all that it held',
  async () => {
    const path = await filledDatabase();
    const restored = temporaryPath();
    const sql = execFileSync('sqlite3', [path, '.dump'], { maxBuffer: 1e8 });
    execFileSync('sqlite3', [restored], { input: sql });
    const storage = await openStorage(restored);
    expect((await storage.candles.read(BTC)).toArray()).toEqual(minutes(0, 2_000));
    expect(await storage.integrity?.check()).toMatchObject({ ok: true, candles: 2_000 });
  },
);

it.each(['-1'])(
  'a header of schema version %s over other tables: CORRUPT, and nothing hangs',
  async (version) => {
    const path = await filledDatabase();
    new Database(path).exec(`PRAGMA user_version = ${version}`).close();
    expect((await refusal(path)).code).toBe('CORRUPT');
  },
);
