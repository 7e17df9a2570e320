/** Backups while others write, of databases that somebody has changed, and onto those that are there. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type SqliteStorage, sqliteBackups } from '@barkeep/storage-sqlite';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { hasTinyDisk, withTinyDisk } from '../../../tools/tiny-disk.ts';
import { ChildProcess } from './child-process.ts';
import {
  BTC,
  MINUTE,
  minutes,
  openStorage,
  rejection,
  START,
  temporaryDirectory,
  temporaryPath,
} from './temporary-database.ts';

const BATCH = 400;
const COVERED = { from: START, to: START + 3_000 * MINUTE };

function backupOf({ backup }: SqliteStorage) {
  return backup ?? expect.unreachable('there is no backup');
}

/** A database with 3,000 candles and a backup of it, in one directory. */
async function backedUp(): Promise<{ directory: string; path: string; from: string }> {
  const directory = temporaryDirectory();
  const path = join(directory, 'market_data.sqlite3');
  const from = join(directory, 'backup.sqlite3');
  const storage = await openStorage(path, { readers: 0 });
  await storage.candles.write({ key: BTC, candles: minutes(0, 3_000), covers: COVERED });
  await storage.metadata.set('note', { text: 'hello' });
  await backupOf(storage).create({ to: from });
  await storage.close();
  return { directory, path, from };
}

it('is no failure of the compaction that has time meanwhile', async () => {
  const directory = temporaryDirectory();
  const storage = await openStorage(join(directory, 'market_data.sqlite3'), { readers: 0 });
  const failures: unknown[] = [];
  storage.changes.subscribe((event) => {
    if (event.type === 'failure') failures.push(event.error);
  });
  for (let n = 0; n < 20; n += 1) {
    await storage.candles.write({ key: BTC, candles: minutes(n, n + 1) });
    await backupOf(storage).create({ to: join(directory, `${n}.sqlite3`) });
  }
  expect(failures).toEqual([]);
  await storage.close();
});

it('ends while two processes write without a pause, with a prefix of what each has written', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'market_data.sqlite3');
  const storage = await openStorage(path, { busyTimeoutMs: 5_000 });
  const names = ['one', 'two'];
  const children = names.map(() => new ChildProcess('write-batches.ts', [path]));
  for (const child of children) expect(await child.line()).toBe('ready');
  for (const [i, child] of children.entries()) child.send(names[i] ?? '');
  const before = await Promise.all(children.map(async (child) => Number(await child.line())));
  for (let n = 0; n < 3; n += 1) {
    const to = join(directory, `${n}.sqlite3`);
    const report = await backupOf(storage).create({ to, deadlineMs: 60_000 });
    const counts = report.series.map(({ symbol, count }) => [symbol, count] as const);
    expect(counts.map(([symbol]) => symbol)).toEqual(['one-a', 'one-b', 'two-a', 'two-b']);
  }
  for (const child of children) await child.kill();
  const after = await Promise.all(
    children.map(async (child) => Number((await child.rest()).at(-1) ?? 0)),
  );
  for (let n = 0; n < 3; n += 1) {
    const to = join(directory, `restored-${n}.sqlite3`);
    await backupOf(storage).restore({ from: join(directory, `${n}.sqlite3`), to });
    const restored = await openStorage(to, { readers: 0 });
    expect(await restored.integrity?.check()).toMatchObject({ ok: true });
    for (const [i, name] of names.entries()) {
      const [a, b] = await restored.candles.readMany(
        ['a', 'b'].map((half) => ({ symbol: `${name}-${half}`, timeframe: '1m' as const })),
      );
      const { length } = a ?? [];
      expect(b?.length).toBe(length);
      expect(length % BATCH).toBe(0);
      expect(length).toBeGreaterThanOrEqual(((before[i] ?? 0) + 1) * BATCH);
      // One that was not acknowledged may have been written.
      expect(length).toBeLessThanOrEqual(((after[i] ?? 0) + 2) * BATCH);
      expect(a?.timestamp).toEqual(Float64Array.from({ length }, (_, at) => START + at * MINUTE));
      const [covered] = await restored.coverage.of({ symbol: `${name}-a`, timeframe: '1m' });
      expect(covered?.to).toBe(START + length * MINUTE);
    }
    await restored.close();
  }
}, 120_000);

it('leaves nothing, wherever it is given up', async () => {
  const { directory, path, from } = await backedUp();
  const storage = await openStorage(path, { readers: 0, archive: 'off' });
  await storage.candles.write({ key: BTC, candles: minutes(0, 100_000) });
  const files = readdirSync(directory).toSorted();
  const upTo = async (calls: number, work: (options: object) => Promise<unknown>) => {
    const controller = new AbortController();
    let seen = 0;
    const onProgress = () => {
      seen += 1;
      if (seen === calls) controller.abort();
    };
    const result = await Promise.allSettled([work({ onProgress, signal: controller.signal })]);
    if (result[0].status === 'fulfilled') return false;
    expect(result[0].reason).toMatchObject({ code: 'ABORTED' });
    expect(readdirSync(directory).toSorted()).toEqual(files);
    return true;
  };
  const [to, made] = [join(directory, 'new.sqlite3'), join(directory, 'large.sqlite3')];
  let calls = 1;
  while (await upTo(calls, (options) => backupOf(storage).create({ to, ...options }))) calls += 3;
  expect(calls).toBeGreaterThan(4);
  renameSync(to, made);
  files.push('large.sqlite3');
  files.sort();
  calls = 1;
  while (await upTo(calls, (options) => sqliteBackups.restore({ from: made, to, ...options }))) {
    calls += 3;
  }
  expect(calls).toBeGreaterThan(4);
  expect((await sqliteBackups.verify(from)).ok).toBe(true);
  expect(await storage.candles.list()).toMatchObject([{ count: 100_000 }]);
}, 30_000);

it('copies what users have added, and names what it cannot copy', async () => {
  const { directory, path } = await backedUp();
  const database = new Database(path);
  database.exec(`
    CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, length INTEGER AS (length(text)) STORED);
    CREATE TABLE "odd ""name" (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID;
    CREATE INDEX notes_text ON notes (text);
    CREATE VIEW long_notes AS SELECT * FROM notes WHERE length > 3;
    CREATE TRIGGER no_notes AFTER INSERT ON notes BEGIN DELETE FROM notes WHERE text = 'no'; END;
    CREATE VIRTUAL TABLE words USING fts5 (text);
    INSERT INTO notes (id, text) VALUES (5, 'a'), (7, 'b note'), (9, x'00ff');
    INSERT INTO "odd ""name" VALUES (1, 'x'), ('y', 2.5);
    INSERT INTO words VALUES ('hello');
  `);
  const rowsOf = (one: InstanceType<typeof Database>) =>
    ['notes', '"odd ""name"', 'long_notes'].map((name) =>
      one.prepare(`SELECT * FROM ${name}`).all(),
    );
  const expected = rowsOf(database);
  database.close();
  const storage = await openStorage(path, { readers: 0 });
  const from = join(directory, 'with-notes.sqlite3');
  const { omitted } = await backupOf(storage).create({ to: from });
  expect(omitted).toEqual(['words']);
  const to = join(directory, 'restored.sqlite3');
  await backupOf(storage).restore({ from, to });
  const restored = new Database(to);
  expect(rowsOf(restored)).toEqual(expected);
  const names = restored.prepare('SELECT name FROM sqlite_schema').pluck().all();
  expect(names).toEqual(expect.arrayContaining(['notes_text', 'long_notes', 'no_notes']));
  expect(names.filter((name) => String(name).startsWith('barkeep'))).toEqual([]);
  restored.close();
});

it('keeps to itself what only one user may read', async () => {
  const { directory, path, from } = await backedUp();
  chmodSync(path, 0o600);
  const storage = await openStorage(path, { readers: 0 });
  await backupOf(storage).create({ to: from, overwrite: true });
  expect(statSync(from).mode & 0o777).toBe(0o600);
  const to = join(directory, 'restored.sqlite3');
  await sqliteBackups.restore({ from, to });
  chmodSync(to, 0o640);
  await sqliteBackups.restore({ from, to, overwrite: true });
  expect(statSync(to).mode & 0o777).toBe(0o640);
});

it('replaces no database that is open, by whichever name, in this process or another', async () => {
  const { directory, path, from } = await backedUp();
  const [link, hard] = [join(directory, 'link'), join(directory, 'hard')];
  symlinkSync(path, link);
  linkSync(path, hard);
  const inode = statSync(path).ino;
  const everywhere = async (code: string) => {
    for (const to of [path, link, hard]) {
      const restoring = sqliteBackups.restore({ from, to, overwrite: true });
      expect((await rejection(restoring)).code).toBe(code);
    }
  };
  const storage = await openStorage(path, { readers: 0 });
  await everywhere('BUSY');
  for (const to of [path, link, hard]) {
    const creating = backupOf(storage).create({ to, overwrite: true });
    expect((await rejection(creating)).code).toBe('BUSY');
  }
  await storage.candles.write({ key: BTC, candles: minutes(3_000, 3_001) });
  await storage.close();

  const child = new ChildProcess('write-batches.ts', [path]);
  expect(await child.line()).toBe('ready');
  for (const to of [path, link]) {
    const restoring = sqliteBackups.restore({ from, to, overwrite: true });
    expect(await rejection(restoring)).toMatchObject({ code: 'BUSY', retryable: true });
  }
  await child.kill();
  expect(statSync(path).ino).toBe(inode);
  const again = await openStorage(path, { readers: 0 });
  expect(await again.candles.list()).toMatchObject([{ count: 3_001 }]);
  await again.close();

  await sqliteBackups.restore({ from, to: link, overwrite: true });
  expect(statSync(path).ino).not.toBe(inode);
  const restored = await openStorage(path, { readers: 0 });
  expect(await restored.candles.list()).toMatchObject([{ count: 3_000 }]);
});

it('leaves no log of the replaced database beside the new one', async () => {
  const { directory, path, from } = await backedUp();
  const storage = await openStorage(path, { readers: 0 });
  await storage.candles.write({ key: BTC, candles: minutes(0, 3_000, 7) });
  const lost = join(directory, 'lost.sqlite3');
  // As a process that is killed leaves them.
  for (const log of ['', '-wal']) copyFileSync(`${path}${log}`, `${lost}${log}`);
  await storage.close();
  expect(statSync(`${lost}-wal`).size).toBeGreaterThan(0);
  const damaged = join(directory, 'damaged.sqlite3');
  copyFileSync(`${lost}-wal`, `${damaged}-wal`);
  writeFileSync(damaged, 'no database at all'.repeat(1_000));
  const missing = join(directory, 'missing.sqlite3');
  copyFileSync(`${lost}-wal`, `${missing}-wal`);

  for (const to of [lost, damaged, missing]) {
    const careless = sqliteBackups.restore({ from, to });
    expect(await rejection(careless)).toMatchObject({ code: 'INVALID_INPUT' });
    await sqliteBackups.restore({ from, to, overwrite: true });
    for (const log of ['-wal', '-shm', '-journal']) expect(existsSync(`${to}${log}`)).toBe(false);
    const restored = await openStorage(to, { readers: 0 });
    expect((await restored.candles.read(BTC)).toArray()).toEqual(minutes(0, 3_000));
    expect(await restored.coverage.of(BTC)).toMatchObject([COVERED]);
    await restored.close();
  }
});

it('removes what a process has left that is gone, and nothing else', async () => {
  const { directory, path } = await backedUp();
  const child = new ChildProcess('leave-open.ts', [temporaryPath(), 'close']);
  await child.exitCode();
  const gone = 2 ** 22 + 3;
  const abandoned = join(directory, `.a.sqlite3.barkeep-${gone}-00ff-1.partial`);
  const mine = join(directory, 'a.sqlite3.partial');
  for (const file of [abandoned, `${abandoned}-journal`, mine]) writeFileSync(file, 'x');
  const storage = await openStorage(path, { readers: 0 });
  await backupOf(storage).create({ to: join(directory, 'next.sqlite3') });
  expect(readdirSync(directory).filter((name) => name.includes('partial'))).toEqual([
    'a.sqlite3.partial',
  ]);
});

it('keeps the only backup that is sound, whatever is to be kept', async () => {
  const { directory, path } = await backedUp();
  const storage = await openStorage(path, { readers: 0 });
  const folder = join(directory, 'backups');
  mkdirSync(folder);
  const paths = ['1', '2', '3'].map((name) => join(folder, name));
  for (const to of paths) await backupOf(storage).create({ to });
  for (const newer of paths.slice(1)) {
    const database = new Database(newer);
    database.exec('DELETE FROM coverage');
    database.exec(`UPDATE barkeep_backup SET value = value + 1 WHERE key = 'createdAt'`);
    database.close();
  }
  const { kept, removed } = await sqliteBackups.prune({ directory: folder, keep: { last: 1 } });
  expect(kept).toEqual(expect.arrayContaining([paths[0]]));
  expect(removed.length).toBe(1);
  expect(kept.length).toBe(2);
  expect(await sqliteBackups.verify(paths[0] ?? '')).toMatchObject({ ok: true });
});

it.skipIf(!hasTinyDisk())('leaves nothing on a disk that is full', () =>
  withTinyDisk(400_000, async ({ directory }) => {
    const storage = await openStorage(temporaryPath(), { readers: 0, archive: 'off' });
    const candles = minutes(0, 60_000);
    await storage.candles.write({ key: BTC, candles });
    const creating = backupOf(storage).create({ to: join(directory, 'backup.sqlite3') });
    expect(await rejection(creating)).toMatchObject({ code: 'DISK_FULL', retryable: true });
    expect(readdirSync(directory)).toEqual([]);
    expect((await storage.candles.read(BTC)).length).toBe(60_000);
  }),
);
