import { CandleSeries } from '@barkeep/core';
import { SqliteStorage } from '@barkeep/storage-sqlite';
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

it('keeps candles, coverage and metadata for the next instance', async () => {
  const path = temporaryPath();
  const first = await openStorage(path);
  const covers = { from: START, to: START + 5_000 * MINUTE };
  await first.candles.write({ key: BTC, candles: minutes(0, 5_000), covers, source: 'upbit' });
  await first.metadata.set('note', { text: 'ok' });
  await first.close();

  const second = await openStorage(path);
  expect((await second.candles.read(BTC)).toArray()).toEqual(minutes(0, 5_000));
  expect(await second.coverage.of(BTC)).toMatchObject([{ ...covers, source: 'upbit' }]);
  expect(await second.metadata.get('note')).toEqual({ text: 'ok' });
  expect(await second.integrity?.check()).toMatchObject({ ok: true, candles: 5_000 });
  expect(await second.stats()).toMatchObject({ size: { series: 1, candles: 5_000 } });
});

it('reports its write-ahead log and the free space of its disk', async () => {
  const storage = await openStorage(temporaryPath());
  await storage.candles.write({ key: BTC, candles: minutes(0, 5_000) });
  const { size } = await storage.stats();
  expect(size.walBytes).toBeGreaterThan(5_000);
  expect(size.freeBytes).toBeGreaterThan(0);
});

it.each([0, 1, 3])('reads every write that resolved before, with %i readers', async (readers) => {
  const storage = await openStorage(temporaryPath(), { readers });
  for (let i = 0; i < 50; i += 1) {
    await storage.candles.write({ key: BTC, candles: minutes(i, i + 1) });
    const reads = await Promise.all([1, 2, 3, 4].map(() => storage.candles.read(BTC)));
    expect(reads.map(({ length }) => length)).toEqual([i + 1, i + 1, i + 1, i + 1]);
  }
});

it("leaves the caller's series as it was", async () => {
  const storage = await openStorage(temporaryPath());
  const series = CandleSeries.from(BTC, minutes(0, 10_000));
  await storage.candles.write({ key: BTC, candles: series });
  expect(series.toArray()).toEqual(minutes(0, 10_000));
});

it('does not let a read wait behind a large write', async () => {
  const storage = await openStorage(temporaryPath());
  await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
  const order: string[] = [];
  const writing = storage.candles
    .write({ key: BTC, candles: minutes(10, 200_000) })
    .then(() => order.push('write'));
  const reading = storage.candles.read(BTC).then((series) => order.push(`read ${series.length}`));
  await Promise.all([writing, reading]);
  expect(order).toEqual(['read 10', 'write']);
});

it('brings all to the disk on flush', async () => {
  for (const durability of ['process-crash', 'power-loss'] as const) {
    const storage = await openStorage(temporaryPath(), { durability });
    expect(storage.capabilities.durability).toBe(durability);
    await storage.candles.write({ key: BTC, candles: minutes(0, 100) });
    await storage.flush();
  }
});

it.each([
  ['path', { path: '' }],
  ['path', { path: ':memory:' }],
  ['path', { path: ' a.sqlite3' }],
  ['path', { path: 'a\0b' }],
  ['durability', { durability: 'snapshot' }],
  ['busyTimeoutMs', { busyTimeoutMs: -1 }],
  ['busyTimeoutMs', { busyTimeoutMs: 1e9 }],
  ['readers', { readers: 1.5 }],
  ['changePollMs', { changePollMs: 0 }],
])('refuses a bad option: %s %j', (field, options) => {
  const make = () => new SqliteStorage({ path: 'x.sqlite3', ...(options as object) });
  expect(make).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', details: expect.objectContaining({ field }) }),
  );
});

it('refuses an option that it does not know', () => {
  const options = { path: 'x.sqlite3', filename: 'y' };
  expect(() => new SqliteStorage(options)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT' }),
  );
});

it('lets two storages of one process share a database', async () => {
  const path = temporaryPath();
  const patient = { busyTimeoutMs: 5_000 };
  const [a, b] = await Promise.all([openStorage(path, patient), openStorage(path, patient)]);
  await Promise.all(
    [a, b].map((storage, i) =>
      storage.candles.write({ key: BTC, candles: minutes(i * 100, i * 100 + 100) }),
    ),
  );
  expect((await a.candles.read(BTC)).length).toBe(200);
  expect((await b.candles.read(BTC)).length).toBe(200);
});

it('opens a new database from many storages at a time', async () => {
  const path = temporaryPath();
  const opening = Array.from({ length: 5 }, () =>
    openStorage(path, { readers: 0, busyTimeoutMs: 5_000 }),
  );
  for (const storage of await Promise.all(opening)) {
    expect(await storage.candles.list()).toEqual([]);
  }
});

it('is closed for good when it could not open', async () => {
  const storage = new SqliteStorage({ path: '/nowhere/at/all.sqlite3' });
  expect((await rejection(storage.open())).code).toBe('CANNOT_OPEN');
  expect(storage.state).toBe('closed');
  expect((await rejection(storage.candles.list())).code).toBe('NOT_OPEN');
});
