/** Backups that go from one of the two storages to the other, and those of files that are only read. */
import { readFileSync, writeFileSync } from 'node:fs';
import { sqliteBackups } from '@barkeep/storage-sqlite';
import { expect, it } from 'vitest';
import {
  BTC,
  MINUTE,
  minutes,
  openStorage,
  rejection,
  START,
  temporaryPath,
} from './temporary-database.ts';

const COVERS = { from: START, to: START + 3_000 * MINUTE };

it('makes backups that storage-sqlite restores, and restores those of storage-sqlite', async () => {
  const storage = await openStorage(temporaryPath());
  await storage.candles.write({ key: BTC, candles: minutes(0, 3_000), covers: COVERS });
  await storage.metadata.set('note', 'hello');
  const made = await storage.backup?.create();
  const [from, to, again] = [temporaryPath(), temporaryPath(), temporaryPath()];
  writeFileSync(from, made?.content ?? '');
  const { backup } = await sqliteBackups.verify(from);
  expect(backup?.series).toEqual(made?.series);
  await sqliteBackups.restore({ from, to });

  const other = await openStorage(to);
  const next = await other.backup?.create();
  expect(next?.series).toEqual(made?.series);
  const third = await openStorage(again);
  // A Buffer, which may lie anywhere in memory.
  const content = Buffer.concat([Buffer.from('x'), next?.content ?? Buffer.of()]).subarray(1);
  await third.backup?.restore({ from: content });
  await third.close();
  const reopened = await openStorage(again);
  expect((await reopened.candles.read(BTC)).toArray()).toEqual(minutes(0, 3_000));
  expect(await reopened.coverage.of(BTC)).toMatchObject([COVERS]);
  expect(await reopened.metadata.get('note')).toBe('hello');
  expect(await reopened.integrity?.check()).toMatchObject({ ok: true });
});

it('saves what was restored, and replaces nothing in a database that is only read', async () => {
  const path = temporaryPath();
  const storage = await openStorage(path);
  const made = await storage.backup?.create();
  await storage.candles.write({ key: BTC, candles: minutes(0, 5) });
  await storage.close();
  const before = readFileSync(path);
  const reader = await openStorage(path, { readOnly: true });
  const from = made?.content ?? new Uint8Array(0);
  const restoring = reader.backup?.restore({ from, overwrite: true }) ?? Promise.resolve();
  expect((await rejection(restoring)).code).toBe('READ_ONLY');
  expect((await reader.backup?.create())?.candles).toBe(5);
  await reader.close();
  expect(readFileSync(path).equals(before)).toBe(true);

  const writer = await openStorage(path);
  await writer.backup?.restore({ from, overwrite: true });
  expect(writer.saveStatus.hasUnsavedChanges).toBe(true);
  await writer.close();
  const again = await openStorage(path);
  expect(await again.candles.list()).toEqual([]);
});

it('goes on with what it has when a backup is of another kind', async () => {
  const storage = await openStorage(temporaryPath());
  await storage.candles.write({ key: BTC, candles: minutes(0, 5) });
  const database = await storage.export();
  for (const from of [database, new Uint8Array(0), new Uint8Array(5_000)]) {
    const restoring = storage.backup?.restore({ from, overwrite: true }) ?? Promise.resolve();
    expect((await rejection(restoring)).code).toBe('CORRUPT');
  }
  expect((await storage.candles.read(BTC)).toArray()).toEqual(minutes(0, 5));
  await storage.candles.write({ key: BTC, candles: minutes(5, 6) });
});
