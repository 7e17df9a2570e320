import { cp, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskCache } from '@barkeep/cache-disk';
import { type Candle, ManualClock } from '@barkeep/core';
import {
  createMarketData,
  type IMarketDataService,
  type MarketDataConfig,
} from '@barkeep/market-data';
import { MemoryStorage } from '@barkeep/storage-memory';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { KEY, MINUTE, minutes, NOON } from './fixtures.ts';

const DAY = { from: minutes(-100), to: minutes(0) };
/** The day is five whole pages. */
const candleCache = { pagePeriods: 20 };

let directory: string;
let database: string;
let clock: ManualClock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'barkeep-tiers-'));
  database = join(directory, 'market_data.sqlite3');
  clock = new ManualClock(NOON + MINUTE / 2);
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
});

function flat(from: number, to: number, price = 1): Candle[] {
  return Array.from({ length: to - from }, (_, i) => {
    const timestamp = minutes(from + i);
    return { timestamp, open: price, high: price, low: price, close: price, volume: 1 };
  });
}

async function open(config: Partial<MarketDataConfig> = {}): Promise<IMarketDataService> {
  const service = await createMarketData({
    storage: `sqlite:${database}?changePollMs=1000`,
    diskCache: `disk:${join(directory, 'cache')}`,
    clock,
    candleCache,
    ...config,
  });
  onTestFinished(() => service.close());
  return service;
}

async function fill(price = 1): Promise<void> {
  const service = await open();
  await service.saveCandles(KEY, flat(-100, 0, price), { covers: DAY });
  await service.getCandles({ ...KEY, ...DAY });
  await service.close();
}

async function diskPages(): Promise<number> {
  await using cache = new DiskCache({ directory: join(directory, 'cache'), clock });
  await cache.open();
  return (await cache.stats()).entries;
}

describe('pages on disk', () => {
  it('are found by the next run, and kept in memory from then on', async () => {
    await fill();
    const service = await open();
    const first = await service.getCandles({ ...KEY, ...DAY });
    expect(first.origins).toMatchObject({ cache: 0, disk: 100, storage: 0 });
    expect(first.series.toArray()).toEqual(flat(-100, 0));
    const second = await service.getCandles({ ...KEY, from: minutes(-99), to: minutes(-1) });
    expect(second.origins).toMatchObject({ cache: 98, disk: 0, storage: 0 });
    const { storage, diskCache, candles } = await service.stats();
    expect(storage?.candlesRead).toBe(0);
    expect(diskCache).toMatchObject({ hits: 5 });
    expect(candles).toMatchObject({ fromDisk: 100, fromCache: 98 });
    expect(candles.tiers.map(({ name }) => name)).toEqual(['answers', 'cache', 'disk', 'storage']);
  });

  it('serve without a cache in memory, too', async () => {
    await fill();
    const service = await open({ cache: false });
    const { origins } = await service.getCandles({ ...KEY, ...DAY });
    expect(origins).toMatchObject({ disk: 100, storage: 0 });
  });

  it('are those of history only: what may still change is not written', async () => {
    const service = await open();
    await service.saveCandles(KEY, flat(-100, 1), { covers: { ...DAY, to: minutes(-30) } });
    await service.getCandles({ ...KEY, from: DAY.from });
    await service.close();
    expect(await diskPages()).toBe(3);
  });

  it('are not found once another program has changed what they show', async () => {
    await fill();
    const other = new SqliteStorage({ path: database, clock });
    await other.open();
    await other.candles.write({ key: KEY, candles: flat(-70, -69, 9) });
    await other.close();
    const service = await open();
    const { series, origins } = await service.getCandles({ ...KEY, ...DAY });
    expect(series.toArray()).toEqual([...flat(-100, -70), ...flat(-70, -69, 9), ...flat(-69, 0)]);
    expect(origins).toMatchObject({ disk: 0, storage: 100 });
  });

  it('are shared by services of one database at the same time', async () => {
    const [one, two] = [await open(), await open()];
    await one.saveCandles(KEY, flat(-100, 0), { covers: DAY });
    await one.getCandles({ ...KEY, ...DAY });
    await one.close();
    const { origins } = await two.getCandles({ ...KEY, ...DAY });
    expect(origins).toMatchObject({ disk: 100 });
  });

  it('of an older copy of the database are its own', async () => {
    await fill(1);
    await cp(database, `${database}.backup`);
    await fill(2);
    await rm(database);
    await rm(`${database}-wal`, { force: true });
    await cp(`${database}.backup`, database);
    const service = await open();
    const { series, origins } = await service.getCandles({ ...KEY, ...DAY });
    expect(series.toArray()).toEqual(flat(-100, 0, 1));
    expect(origins).toMatchObject({ disk: 100 });
  });

  it('are of one state, also when somebody else changes the storage between two looks', async () => {
    const other = new SqliteStorage({ path: database, clock });
    const storage = new SqliteStorage({ path: database, clock });
    const { candles } = storage;
    let price = 1;
    const snapshots: typeof candles.snapshots = async (requests) => {
      price += 1;
      // Before the change feed reports it.
      await other.candles.write({ key: KEY, candles: flat(-100, 0, price) });
      return candles.snapshots(requests);
    };
    Reflect.defineProperty(storage, 'candles', { value: { ...candles, snapshots } });
    await other.open();
    onTestFinished(() => other.close());
    await other.candles.write({ key: KEY, candles: flat(-100, 0), covers: DAY });
    const service = await open({ storage });
    const { series } = await service.getCandles({ ...KEY, ...DAY });
    expect(series.toArray()).toEqual(flat(-100, 0, price));
    await service.close();
    const next = await open();
    const later = await next.getCandles({ ...KEY, ...DAY });
    expect(later.series.toArray()).toEqual(flat(-100, 0, price));
  });

  it('that are damaged are read from the storage, and counted', async () => {
    await fill();
    const files = await readdir(join(directory, 'cache'), { recursive: true, withFileTypes: true });
    for (const file of files) {
      if (file.isFile()) await truncate(join(file.parentPath, file.name), 40);
    }
    const service = await open();
    const { series, origins } = await service.getCandles({ ...KEY, ...DAY });
    expect(series.toArray()).toEqual(flat(-100, 0));
    expect(origins).toMatchObject({ disk: 0, storage: 100 });
    expect((await service.stats()).diskCache?.failures).toBeGreaterThan(0);
  });

  it('are worthless after a run where the storage cannot tell revisions, and are removed', async () => {
    const storage = new MemoryStorage({ clock });
    const capabilities = { ...storage.capabilities, revisions: false };
    Reflect.defineProperty(storage, 'capabilities', { value: capabilities });
    const service = await open({ storage, cache: false });
    await service.saveCandles(KEY, flat(-100, 0), { covers: DAY });
    await service.getCandles({ ...KEY, ...DAY });
    await expect
      .poll(async () => (await service.getCandles({ ...KEY, ...DAY })).origins)
      .toMatchObject({ disk: 100 });
    await service.close();
    expect(await diskPages()).toBe(0);
  });
});

describe('invalidation', () => {
  const keys = [
    KEY,
    { symbol: 'KRW-ETH', timeframe: '1m' },
    { symbol: 'USDT-BTC', timeframe: '1m' },
    { symbol: 'KRW-BTC', timeframe: '5m' },
  ] as const;
  const seriesTags = ({ symbol }: { readonly symbol: string }) => [symbol.split('-')[0] ?? ''];

  it.each([
    ['a key', { symbol: 'KRW-BTC', timeframe: '1m' }, [0]],
    ['a symbol', { symbol: 'KRW-BTC' }, [0, 3]],
    ['a prefix', { symbolPrefix: 'KRW-' }, [0, 1, 3]],
    ['a tag', { tags: ['USDT', 'EUR'] }, [2]],
    ['a timeframe', { timeframe: '1m' }, [0, 1, 2]],
    ['everything', {}, [0, 1, 2, 3]],
  ] as const)('by %s reaches every tier of every service', async (_, selector, selected) => {
    // Answers that were given before would say where they came from then.
    const config = { seriesTags, candleCache: { ...candleCache, maxAnswers: 0 } };
    const [one, two] = [await open(config), await open(config)];
    const read = (service: IMarketDataService) =>
      Promise.all(keys.map((key) => service.getCandles({ ...key, ...DAY })));
    for (const key of keys) {
      const candles =
        key.timeframe === '1m' ? flat(-100, 0) : flat(-100, 0).filter((_, i) => i % 5 === 0);
      await one.saveCandles(key, candles, { covers: DAY });
    }
    let told = 0;
    two.subscribe({ types: ['candles'] }, () => {
      told += 1;
    });
    const hear = (events: number): Promise<void> =>
      vi.waitFor(() => {
        clock.advance(1_000);
        expect(told).toBe(events);
      });
    await hear(keys.length);
    for (const service of [one, two]) {
      await read(service);
      const cached = await read(service);
      expect(cached.map(({ origins }) => origins.cache > 0)).toEqual(keys.map(() => true));
    }
    await one.invalidate(selector);
    await hear(keys.length + selected.length);
    for (const service of [one, two]) {
      const again = await read(service);
      expect(again.flatMap(({ origins }, i) => (origins.cache === 0 ? [i] : []))).toEqual(selected);
      await service.close();
    }
  });

  it('of a stretch leaves pages far away alone', async () => {
    const service = await open({ candleCache: { pagePeriods: 1_024 } });
    const range = { from: minutes(-5_000), to: minutes(0) };
    await service.saveCandles(KEY, flat(-5_000, 0), { covers: range });
    for (let read = 0; read < 2; read += 1) await service.getCandles({ ...KEY, ...range });
    await service.invalidate({ ...KEY, range: { from: minutes(-60), to: minutes(-55) } });
    const { origins } = await service.getCandles({ ...KEY, ...range });
    expect(origins.cache).toBeGreaterThanOrEqual(3_000);
    expect(origins.storage).toBeGreaterThan(0);
  });
});
