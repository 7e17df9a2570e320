/** The lock of a database file, against other programs and other parts of this one. */
import { linkSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { SqlJsStorage } from '@barkeep/storage-sqljs';
import Database from 'better-sqlite3';
import { afterAll, afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { DatabaseFile } from '../src/file/database-file.ts';
import { OtherProgram } from './other-program.ts';
import { BTC, minutes, openStorage, rejection, temporaryPath } from './temporary-database.ts';

/** No test waits for a lock as long as a storage does. */
vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));

const COUNT = 'SELECT count(*) FROM candle_rows';
const NEVER = { saveDelayMs: 3_600_000 };

const IMPATIENT = ['--import', new URL('./children/impatient.ts', import.meta.url).href];
const other = new OtherProgram({ execArgv: IMPATIENT });
const third = new OtherProgram({ execArgv: IMPATIENT });
afterAll(() => Promise.all([other.kill(), third.kill()]));
afterEach(() => Promise.all([other.does({ do: 'close' }), third.does({ do: 'close' })]));

async function filledDatabase(): Promise<string> {
  const path = temporaryPath();
  const storage = await openStorage(path);
  await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
  await storage.close();
  return path;
}

it('lets others read the last save, and nobody write, from open to close', async () => {
  const path = await filledDatabase();
  const storage = await openStorage(path, NEVER);
  const expectHeld = async (rows: number): Promise<void> => {
    expect(await other.does({ do: 'get', path, sql: COUNT })).toBe(rows);
    for (const sql of [
      'UPDATE candle_rows SET volume = 7',
      'PRAGMA journal_mode = WAL',
      'VACUUM',
    ]) {
      expect(await other.does({ do: 'exec', path, sql })).toBe('SQLITE_BUSY');
    }
    expect(await other.does({ do: 'open', path, storage: 'sqlite' })).toBe('BUSY');
  };
  await expectHeld(10);
  await storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  await expectHeld(10);
  await storage.flush();
  await expectHeld(20);
  expect(await other.does({ do: 'open', path, storage: 'sqljs' })).toBe('BUSY');
  await storage.close();
  expect(await other.does({ do: 'exec', path, sql: 'UPDATE candle_rows SET volume = 7' })).toBe(
    undefined,
  );
});

it('is not needed by those who only read, and not in the way of them', async () => {
  const path = await filledDatabase();
  await other.does({ do: 'open', path, storage: 'sqljs' });
  await other.does({ do: 'write', symbol: 'X', candles: 5 });
  const before = readdirSync(dirname(path));
  const reader = await openStorage(path, { readOnly: true });
  expect((await reader.candles.list()).map(({ symbol }) => symbol)).toEqual([BTC.symbol]);
  const write = reader.candles.write({ key: BTC, candles: minutes(10, 20) });
  expect(await rejection(write)).toMatchObject({ code: 'READ_ONLY' });
  await reader.flush();
  expect(await other.does({ do: 'flush' })).toBe(undefined);
  await reader.close();
  const again = await openStorage(path, { readOnly: true });
  expect((await again.candles.list()).map(({ symbol }) => symbol)).toEqual([BTC.symbol, 'X']);
  await other.does({ do: 'close' });

  // The same with what is in a write-ahead log.
  await other.does({ do: 'open', path, storage: 'sqlite' });
  await other.does({ do: 'write', symbol: 'Y', candles: 5 });
  const third = await openStorage(path, { readOnly: true });
  expect((await third.candles.list()).map(({ symbol }) => symbol)).toEqual([BTC.symbol, 'X', 'Y']);
  await other.does({ do: 'close' });
  expect(readdirSync(dirname(path))).toEqual(before);
});

it('holds a new file, too, and one of two that make it at once is refused', async () => {
  const path = temporaryPath();
  const outcomes = await Promise.all(
    [other, third].map((program) => program.does({ do: 'open', path, storage: 'sqljs' })),
  );
  expect(outcomes.toSorted()).toEqual(['BUSY', undefined]);
  const refused = outcomes[0] === 'BUSY' ? other : third;
  expect(await refused.does({ do: 'exec', path, sql: 'CREATE TABLE t (x)' })).toBe('SQLITE_BUSY');
});

it.each([
  ['reads', ['BEGIN', `CREATE TEMP TABLE t AS ${COUNT}`]],
  ['is about to write', ['BEGIN IMMEDIATE']],
  ['writes', ['BEGIN EXCLUSIVE']],
  [
    'has a write-ahead log in use',
    ['PRAGMA journal_mode = WAL', 'UPDATE candle_rows SET volume = 7'],
  ],
])('is refused while another program %s, and opens afterwards', async (_, statements) => {
  const path = await filledDatabase();
  for (const sql of statements) {
    expect(await other.does({ do: 'exec', path, sql })).toBe(undefined);
  }
  const before = readFileSync(path);
  expect(await third.does({ do: 'open', path, storage: 'sqljs' })).toBe('BUSY');
  const file = new DatabaseFile(path);
  const error = await rejection(file.load());
  await file.close();
  expect(error).toMatchObject({ code: 'BUSY', retryable: true, details: { path } });
  expect(readFileSync(path).equals(before)).toBe(true);
  await other.does({ do: 'close' });
  const { volume } = await (await openStorage(path)).candles.read(BTC);
  const isChanged = statements[0]?.startsWith('PRAGMA') === true;
  expect([volume.length, volume[0] === 7]).toEqual([10, isChanged]);
});

it('saves when those who read have finished, and says until then that it could not', async () => {
  const path = await filledDatabase();
  const file = new DatabaseFile(path);
  onTestFinished(() => file.close());
  const bytes = (await file.load()) ?? expect.unreachable('nothing was loaded');
  file.settle();
  const database = new Database(Buffer.from(bytes));
  database.exec('DELETE FROM candle_rows');
  await other.does({ do: 'exec', path, sql: 'BEGIN' });
  expect(await other.does({ do: 'get', path, sql: COUNT })).toBe(10);
  const isBusy = { code: 'BUSY', retryable: true };
  expect(await rejection(file.save(database.serialize()))).toMatchObject(isBusy);
  // Nobody is kept out by a save that has given up.
  expect(await third.does({ do: 'get', path, sql: COUNT })).toBe(10);
  await other.does({ do: 'exec', path, sql: 'COMMIT' });
  await file.save(database.serialize());
  expect(await other.does({ do: 'get', path, sql: COUNT })).toBe(0);
  expect(await other.does({ do: 'exec', path, sql: 'BEGIN IMMEDIATE' })).toBe('SQLITE_BUSY');
});

it('has its lock again after the next save, where the process has opened and closed the file', async () => {
  const path = await filledDatabase();
  const storage = await openStorage(path, NEVER);
  readFileSync(path);
  await storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  await storage.flush();
  expect(await other.does({ do: 'exec', path, sql: 'BEGIN IMMEDIATE' })).toBe('SQLITE_BUSY');
  // Now somebody gets in before the next save, which must not overwrite that.
  readFileSync(path);
  expect(await other.does({ do: 'exec', path, sql: 'UPDATE candle_rows SET volume = 7' })).toBe(
    undefined,
  );
  await other.does({ do: 'close' });
  const changed = { code: 'BUSY', retryable: false };
  const write = storage.candles.write({ key: BTC, candles: minutes(20, 30) });
  expect(await rejection(write)).toMatchObject(changed);
  expect(await rejection(storage.flush())).toMatchObject(changed);
  expect(await rejection(storage.close())).toMatchObject(changed);
  const { volume } = await (await openStorage(path)).candles.read(BTC);
  expect(volume).toEqual(new Float64Array(20).fill(7));
});

it('is one of its kind in a process, by whichever name', async () => {
  const path = await filledDatabase();
  const [link, hardLink] = [join(dirname(path), 'link'), join(dirname(path), 'hard-link')];
  symlinkSync(path, link);
  linkSync(path, hardLink);
  const first = await openStorage(path, NEVER);
  for (const name of [link, hardLink]) {
    expect(await rejection(new SqlJsStorage({ path: name }).open())).toMatchObject({
      code: 'BUSY',
    });
    expect(await rejection(new SqliteStorage({ path: name }).open())).toMatchObject({
      code: 'BUSY',
    });
  }
  expect(await other.does({ do: 'open', path: hardLink, storage: 'sqljs' })).toBe('BUSY');
  await first.close();
  const native = new SqliteStorage({ path: link });
  onTestFinished(() => native.close());
  await native.open();
  expect(await rejection(new SqlJsStorage({ path }).open())).toMatchObject({ code: 'BUSY' });
});

it('keeps away from another SQLite of the same process, where locks do not', async () => {
  const path = await filledDatabase();
  const earlier = new Database(path);
  earlier.prepare(COUNT).get();
  const busy = { code: 'BUSY', retryable: true };
  expect(await rejection(new SqlJsStorage({ path }).open())).toMatchObject(busy);
  earlier.close();

  const storage = await openStorage(path, NEVER);
  await storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  const later = new Database(path);
  later.prepare(COUNT).get();
  expect(await rejection(storage.flush())).toMatchObject(busy);
  later.close();
  await storage.flush();
  expect((await storage.candles.read(BTC)).length).toBe(20);
});

it('lets node:sqlite read in the same process', async () => {
  const path = await filledDatabase();
  const storage = await openStorage(path, NEVER);
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const reader = new DatabaseSync(path);
  expect(reader.prepare(COUNT).get()).toEqual({ 'count(*)': 10 });
  expect(() => reader.exec('BEGIN IMMEDIATE')).toThrow('database is locked');
  reader.close();
  await storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  await storage.flush();
});
