/** Backups of what has changed since an earlier one. */
import { copyFileSync, cpSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SeriesKey } from '@barkeep/core';
import { type SqliteStorage, sqliteBackups } from '@barkeep/storage-sqlite';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { budget } from '../../../tools/test-budget.ts';
import {
  BTC,
  MINUTE,
  minutes,
  openStorage,
  rejection,
  START,
  temporaryDirectory,
} from './temporary-database.ts';

const KEYS: readonly SeriesKey[] = ['A', 'B', 'C'].map((symbol) => ({ symbol, timeframe: '1m' }));
const ARCHIVE = { segmentCandles: 64, keepRows: 16, bulkCandles: 32 };
const SPAN = 20_000;
const ROUNDS = budget(4);

function minute(i: number): number {
  return START + i * MINUTE;
}

function below(bound: number): number {
  return Math.floor(Math.random() * bound);
}

/** Some change, of any kind. */
async function change(storage: SqliteStorage, n: number): Promise<void> {
  const key = KEYS[below(KEYS.length)] ?? BTC;
  const from = below(SPAN);
  const to = from + 1 + below(below(4) === 0 ? 5_000 : 50);
  const range = { from: minute(from), to: minute(to) };
  switch (below(8)) {
    case 0:
      await storage.candles.remove(key, range);
      return;
    case 1:
      await storage.coverage.add(key, range, { source: `source ${n}` });
      return;
    case 2:
      await storage.metadata.set(`note ${below(3)}`, n);
      return;
    case 3:
      await storage.maintenance?.compact();
      return;
    case 4:
      await storage.candles.remove(key);
      return;
    default:
      await storage.candles.write({ key, candles: minutes(from, to, 100 + n), covers: range });
  }
}

async function contentsOf(storage: SqliteStorage): Promise<unknown> {
  const read = await storage.candles.readMany(KEYS.map((key) => ({ ...key })));
  const keys = await storage.metadata.keys();
  return {
    list: await storage.candles.list(),
    candles: read.map((series) => series.toArray()),
    coverage: await Promise.all(KEYS.map((key) => storage.coverage.of(key))),
    revisions: await Promise.all(
      KEYS.map((key) => storage.candles.revisions(key, [{ from: minute(0), to: minute(SPAN) }])),
    ),
    documents: await Promise.all(keys.map((key) => storage.metadata.get(key))),
    problems: (await storage.integrity?.check())?.problems,
  };
}

async function restoredContents(from: string, to: string): Promise<unknown> {
  await sqliteBackups.restore({ from, to, overwrite: true });
  const storage = await openStorage(to, { readers: 0, archive: ARCHIVE });
  try {
    return await contentsOf(storage);
  } finally {
    await storage.close();
  }
}

it(
  'restores each increment as the database was then',
  async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const directory = temporaryDirectory();
      const storage = await openStorage(join(directory, 'data.sqlite3'), {
        readers: 0,
        archive: ARCHIVE,
      });
      const states: [path: string, contents: unknown][] = [];
      for (let n = 0; n < 5; n += 1) {
        for (let i = below(8); i >= 0; i -= 1) await change(storage, n);
        const to = join(directory, `${n}.backup`);
        const since = states.at(-1)?.[0];
        const report = await storage.backup?.create({ to, since });
        expect(report?.incremental).toBe(n > 0);
        expect((await sqliteBackups.verify(to)).problems).toEqual([]);
        states.push([to, await contentsOf(storage)]);
      }
      await storage.close();
      for (const [path, contents] of states) {
        const restored = await restoredContents(path, join(directory, 'restored.sqlite3'));
        expect(restored).toEqual(contents);
      }
    }
  },
  budget(60_000),
);

/** A full backup and two increments in a directory, of a large series to which a little was added. */
async function chain(): Promise<{ directory: string; paths: [string, string, string] }> {
  const directory = temporaryDirectory();
  const folder = join(directory, 'backups');
  mkdirSync(folder);
  const storage = await openStorage(join(directory, 'data.sqlite3'), { readers: 0 });
  const paths: [string, string, string] = [join(folder, '0'), join(folder, '1'), join(folder, '2')];
  await storage.candles.write({ key: BTC, candles: minutes(0, 200_000) });
  for (const [i, to] of paths.entries()) {
    await storage.candles.write({ key: BTC, candles: minutes(200_000 + i, 200_001 + i) });
    await storage.backup?.create({ to, since: paths[i - 1] });
  }
  await storage.close();
  return { directory, paths };
}

it('writes only what has changed', async () => {
  const { directory, paths } = await chain();
  const [full, ...increments] = paths.map((path) => statSync(path).size);
  for (const bytes of increments) expect(bytes).toBeLessThan((full ?? 0) / 5);
  const folder = join(directory, 'elsewhere');
  // They find each other wherever they are together.
  cpSync(join(directory, 'backups'), folder, { recursive: true });
  rmSync(join(directory, 'backups'), { recursive: true });
  const to = join(directory, 'restored.sqlite3');
  await sqliteBackups.restore({ from: join(folder, '2'), to });
  const storage = await openStorage(to, { readers: 0 });
  expect((await storage.candles.read(BTC)).toArray()).toEqual(minutes(0, 200_003));
});

it('finds a base that is missing, damaged, or another one', async () => {
  const { directory, paths } = await chain();
  const [full, first, second] = paths;
  const refused = async (from: string, kind: string) => {
    const { ok, problems } = await sqliteBackups.verify(from);
    expect([ok, problems.map((problem) => problem.kind)]).toEqual([false, [kind]]);
    const restoring = sqliteBackups.restore({ from, to: join(directory, 'restored.sqlite3') });
    expect((await rejection(restoring)).code).toBe('CORRUPT');
  };
  renameSync(full, `${full}-moved`);
  await refused(second, 'base');
  await refused(first, 'base');
  copyFileSync(second, full);
  await refused(first, 'base');
  rmSync(full);
  renameSync(`${full}-moved`, full);
  expect(await sqliteBackups.verify(second)).toMatchObject({ ok: true });
  const database = new Database(full);
  database.exec('UPDATE segments SET data = zeroblob(length(data)) WHERE id = 1');
  database.close();
  await refused(second, 'unreadable');
});

it('continues any backup, also one of another database, and no database', async () => {
  const { directory, paths } = await chain();
  const path = join(directory, 'another.sqlite3');
  const storage = await openStorage(path, { readers: 0, archive: ARCHIVE });
  await storage.candles.write({ key: KEYS[0] ?? BTC, candles: minutes(0, 100) });
  await storage.candles.write({ key: BTC, candles: minutes(0, 100) });
  const to = join(directory, 'increment');
  for (const since of [path, join(directory, 'data.sqlite3')]) {
    const creating = storage.backup?.create({ to, since }) ?? Promise.resolve();
    expect((await rejection(creating)).code).toBe('INVALID_INPUT');
  }
  const nothing = storage.backup?.create({ to, since: join(directory, 'nothing') });
  expect((await rejection(nothing ?? Promise.resolve())).code).toBe('CANNOT_OPEN');
  await storage.backup?.create({ to, since: paths[2] });
  const itself = storage.backup?.create({ to, since: to, overwrite: true });
  expect((await rejection(itself ?? Promise.resolve())).code).toBe('INVALID_INPUT');
  const contents = await contentsOf(storage);
  expect(await restoredContents(to, join(directory, 'restored.sqlite3'))).toEqual(contents);
});

it('keeps what an increment that is kept needs', async () => {
  const { directory, paths } = await chain();
  const folder = join(directory, 'backups');
  const { kept, removed } = await sqliteBackups.prune({ directory: folder, keep: { last: 1 } });
  expect([kept.toSorted(), removed]).toEqual([paths, []]);
});
