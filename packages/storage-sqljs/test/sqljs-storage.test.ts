import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ManualClock } from '@barkeep/core';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import {
  IndexedDbPersister,
  OpfsPersister,
  type Persister,
  SqlJsStorage,
  type SqlJsStorageOptions,
} from '@barkeep/storage-sqljs';
import { expect, it, onTestFinished, vi } from 'vitest';
import {
  BTC,
  MINUTE,
  minutes,
  openStorage,
  rejection,
  START,
  temporaryPath,
} from './temporary-database.ts';

async function sqlite(path: string): Promise<SqliteStorage> {
  const storage = new SqliteStorage({ path });
  onTestFinished(() => storage.close());
  await storage.open();
  return storage;
}

it('saves a change at most saveDelayMs later, however many follow', async () => {
  const path = temporaryPath();
  const clock = new ManualClock(START);
  const storage = await openStorage(path, { clock, saveDelayMs: 1_000 });
  await storage.flush();
  const before = readFileSync(path);
  for (let i = 0; i < 9; i += 1) {
    await storage.candles.write({ key: BTC, candles: minutes(i, i + 1) });
    clock.advance(100);
  }
  expect(readFileSync(path).equals(before)).toBe(true);
  clock.advance(100);
  await vi.waitFor(() => expect(readFileSync(path).equals(before)).toBe(false));
});

it('keeps what was flushed for the next instance, and all on close', async () => {
  const path = temporaryPath();
  const first = await openStorage(path, { clock: new ManualClock(START) });
  const covers = { from: START, to: START + 5_000 * MINUTE };
  await first.candles.write({ key: BTC, candles: minutes(0, 5_000), covers, source: 'upbit' });
  await first.flush();
  const flushed = readFileSync(path);
  await first.candles.write({ key: BTC, candles: minutes(5_000, 5_010) });
  await first.close();

  const second = await openStorage(path);
  expect((await second.candles.read(BTC)).toArray()).toEqual(minutes(0, 5_010));
  expect(await second.coverage.of(BTC)).toMatchObject([{ ...covers, source: 'upbit' }]);
  await second.close();

  writeFileSync(path, flushed);
  const third = await openStorage(path);
  expect((await third.candles.read(BTC)).length).toBe(5_000);
});

it('goes on with every statement after a snapshot', async () => {
  const storage = await openStorage(temporaryPath());
  for (let i = 0; i < 5; i += 1) {
    await storage.candles.write({ key: BTC, candles: minutes(i * 700, (i + 1) * 700) });
    await storage.flush();
  }
  expect((await storage.candles.read(BTC)).toArray()).toEqual(minutes(0, 3_500));
  expect(await storage.integrity?.check()).toMatchObject({ ok: true, candles: 3_500 });
});

it('moves databases from and to storage-sqlite', async () => {
  const path = temporaryPath();
  const native = await sqlite(path);
  const covers = { from: START, to: START + 6_000 * MINUTE };
  await native.candles.write({ key: BTC, candles: minutes(0, 6_000), covers, source: 'upbit' });
  await native.metadata.set('note', { text: '비트코인' });
  const ranges = [covers, { from: START, to: START + MINUTE }];
  const revisions = await native.candles.revisions(BTC, ranges);
  await native.close();

  const wasm = await openStorage(path);
  expect((await wasm.candles.read(BTC)).toArray()).toEqual(minutes(0, 6_000));
  expect(await wasm.coverage.of(BTC)).toMatchObject([{ ...covers, source: 'upbit' }]);
  expect(await wasm.metadata.get('note')).toEqual({ text: '비트코인' });
  expect(await wasm.candles.revisions(BTC, ranges)).toEqual(revisions);
  await wasm.candles.write({ key: BTC, candles: minutes(6_000, 6_100) });
  await wasm.close();

  const again = await sqlite(path);
  expect((await again.candles.read(BTC)).toArray()).toEqual(minutes(0, 6_100));
  expect(await again.integrity?.check()).toMatchObject({ ok: true, candles: 6_100 });
});

it('loses revisions with the changes they are of, and never has them again', async () => {
  const path = temporaryPath();
  const clock = new ManualClock(START);
  const range = { from: START, to: START + 10 * MINUTE };
  const revisionOf = (storage: SqlJsStorage) => storage.candles.revisions(BTC, [range]);
  const first = await openStorage(path, { clock });
  await first.candles.write({ key: BTC, candles: minutes(0, 10) });
  await first.flush();
  const saved = readFileSync(path);
  const flushed = await revisionOf(first);
  await first.candles.write({ key: BTC, candles: minutes(0, 10, 7) });
  const unsaved = await revisionOf(first);
  await first.close();

  // As if the process had ended before it could save.
  writeFileSync(path, saved);
  const second = await openStorage(path, { clock });
  expect(await revisionOf(second)).toEqual(flushed);
  await second.candles.write({ key: BTC, candles: minutes(0, 10, 8) });
  expect([flushed, unsaved]).not.toContainEqual(await revisionOf(second));
});

it('saves what was announced', async () => {
  const path = temporaryPath();
  const clock = new ManualClock(START);
  const range = { from: START, to: START + 10 * MINUTE };
  const storage = await openStorage(path, { clock, saveDelayMs: 1_000 });
  await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
  await storage.flush();
  const before = readFileSync(path);
  await storage.changes.announce(BTC, range);
  clock.advance(1_000);
  await vi.waitFor(() => expect(readFileSync(path).equals(before)).toBe(false));
  const revisions = await storage.candles.revisions(BTC, [range]);
  await storage.close();
  const again = await openStorage(path);
  expect(await again.candles.revisions(BTC, [range])).toEqual(revisions);
});

it('tells on close what could not be saved, and closes', async () => {
  const path = temporaryPath();
  const storage = await openStorage(path, { clock: new ManualClock(START) });
  await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
  rmSync(dirname(path), { recursive: true });
  expect(await rejection(storage.close())).toMatchObject({ code: 'CANNOT_OPEN' });
  expect(storage.state).toBe('closed');
});

it('refuses files that are damaged or something else, and leaves them', async () => {
  const path = temporaryPath();
  writeFileSync(path, 'a shopping list');
  expect(await rejection(new SqlJsStorage({ path }).open())).toMatchObject({
    code: 'NOT_A_DATABASE',
  });
  expect(readFileSync(path, 'utf8')).toBe('a shopping list');

  rmSync(path);
  const storage = await openStorage(path);
  await storage.candles.write({ key: BTC, candles: minutes(0, 5_000) });
  await storage.close();
  truncateSync(path, readFileSync(path).length - 10);
  expect(await rejection(new SqlJsStorage({ path }).open())).toMatchObject({ code: 'CORRUPT' });
});

it('is kept by whatever a persister is', async () => {
  const path = temporaryPath();
  const file = await openStorage(path);
  await file.candles.write({ key: BTC, candles: minutes(0, 10) });
  await file.close();
  let kept: Uint8Array | undefined = readFileSync(path);
  const calls: string[] = [];
  const persister: Persister = {
    name: 'a variable',
    load: async () => {
      calls.push('load');
      return kept;
    },
    save: async (bytes) => {
      calls.push('save');
      kept = bytes;
    },
    close: async () => {
      calls.push('close');
    },
  };
  const storage = new SqlJsStorage({ persister });
  await storage.open();
  await storage.candles.write({ key: BTC, candles: minutes(10, 20) });
  await storage.flush();
  await storage.close();
  expect(calls).toEqual(['load', 'save', 'close']);
  writeFileSync(path, kept);
  expect((await (await openStorage(path)).candles.read(BTC)).toArray()).toEqual(minutes(0, 20));
});

it('reports what a persister throws, and lets go of it', async () => {
  const closed: string[] = [];
  const persister = (bytes: Uint8Array | undefined, failing?: 'load' | 'save'): Persister => ({
    name: 'a cloud',
    load: async () => {
      if (failing === 'load') throw new Error('no cloud today');
      return bytes;
    },
    save: async () => {
      throw new Error('it rains');
    },
    close: async () => {
      closed.push('closed');
    },
  });
  const failure = { code: 'IO', retryable: true, details: { path: 'a cloud' } };
  const unreadable = new SqlJsStorage({ persister: persister(undefined, 'load') });
  expect(await rejection(unreadable.open())).toMatchObject(failure);
  const damaged = new SqlJsStorage({ persister: persister(Buffer.from('a shopping list')) });
  expect(await rejection(damaged.open())).toMatchObject({ code: 'NOT_A_DATABASE' });
  const unwritable = new SqlJsStorage({ persister: persister(undefined, 'save') });
  await unwritable.open();
  expect(await rejection(unwritable.close())).toMatchObject(failure);
  expect(closed).toHaveLength(3);
});

it.each([OpfsPersister, IndexedDbPersister])('has no browser in Node: %o', async (Kind) => {
  const storage = new SqlJsStorage({ persister: new Kind('market_data') });
  expect(await rejection(storage.open())).toMatchObject({ code: 'CANNOT_OPEN' });
  expect(storage.state).toBe('closed');
});

it.each([
  ['path', { path: '' }],
  ['path', {}],
  ['path', { path: 'a', persister: { name: '', load() {}, save() {}, close() {} } }],
  ['persister', { persister: { name: 'b' } }],
  ['persister', { persister: null }],
  ['readOnly', { path: 'a', readOnly: 1 }],
  ['readOnly', { persister: { name: '', load() {}, save() {}, close() {} }, readOnly: true }],
  ['options', { path: 'a', wasmUrl: './sql.wasm' }],
  ['path', { path: ':memory:' }],
  ['saveDelayMs', { path: 'a', saveDelayMs: -1 }],
  ['saveDelayMs', { path: 'a', saveDelayMs: 1.5 }],
])('refuses a bad option: %s %j', (field, options) => {
  expect(() => new SqlJsStorage(options as SqlJsStorageOptions)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', details: expect.objectContaining({ field }) }),
  );
});
