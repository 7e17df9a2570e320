/** Every answer is one that the storage had at some instant, and nobody's answer is another's to empty. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryCache } from '@barkeep/cache-memory';
import { type Candle, ManualClock } from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import { MemoryStorage } from '@barkeep/storage-memory';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KEY, MINUTE, minutes, NOON, openDesk } from './fixtures.ts';

function flat(from: number, to: number, price = 1): Candle[] {
  return Array.from({ length: to - from }, (_, i) => {
    const timestamp = minutes(from + i);
    return { timestamp, open: price, high: price, low: price, close: price, volume: 1 };
  });
}

function stretch(from: number, to: number): { readonly from: number; readonly to: number } {
  return { from: minutes(from), to: minutes(to) };
}

/** Two services with a storage each on one file; the change feed of the first says nothing in time. */
async function openTwo(): Promise<{
  readonly deaf: IMarketDataService;
  readonly other: SqliteStorage;
}> {
  const directory = await mkdtemp(join(tmpdir(), 'barkeep-one-state-'));
  const clock = new ManualClock(NOON + MINUTE / 2);
  const path = join(directory, 'market_data.sqlite3');
  const other = new SqliteStorage({ path, clock });
  await other.open();
  const deaf = await createMarketData({ storage: new SqliteStorage({ path, clock }), clock });
  onTestFinished(async () => {
    await deaf.close();
    await other.close();
    await rm(directory, { recursive: true, force: true });
  });
  return { deaf, other };
}

describe('what another process did, before the change feed reports it', () => {
  it('is whole: candles beyond the extent that was known', async () => {
    const { deaf, other } = await openTwo();
    await deaf.saveCandles(KEY, flat(-9, -6), { covers: stretch(-9, -6) });
    await deaf.getCandles({ ...KEY, ...stretch(-9, -3) });
    await other.candles.write({ key: KEY, candles: flat(-6, -4), covers: stretch(-6, -4) });
    await deaf.saveCandles(KEY, [], { covers: stretch(-4, -3) });
    const { series, missing } = await deaf.getCandles({ ...KEY, ...stretch(-9, -3) });
    expect([series.length, missing]).toEqual([5, []]);
  });

  it('is whole: candles in a page that was read again since the coverage was', async () => {
    const { deaf, other } = await openTwo();
    await deaf.saveCandles(KEY, [...flat(-30, -29), ...flat(-10, -9)], {
      covers: stretch(-30, -27),
    });
    await deaf.getCandles({ ...KEY, ...stretch(-30, -24) });
    await deaf.saveCandles(KEY, flat(-11, -10));
    await deaf.getCandles({ ...KEY, ...stretch(-30, -24) });
    await other.candles.write({ key: KEY, candles: flat(-27, -25), covers: stretch(-27, -25) });
    await deaf.saveCandles(KEY, [], { covers: stretch(-25, -24) });
    const { series, missing } = await deaf.getCandles({ ...KEY, ...stretch(-30, -24) });
    expect([series.length, missing]).toEqual([3, []]);
  });

  it('is whole: candles that it removed, of pages that were not read yet', async () => {
    const { deaf, other } = await openTwo();
    await deaf.saveCandles(KEY, flat(-4_000, 0), { covers: stretch(-4_000, 0) });
    await deaf.getCandles({ ...KEY, limit: 10 });
    await other.candles.remove(KEY, stretch(-4_000, -3_000));
    const gone = stretch(-4_000, -3_900);
    const { series, missing } = await deaf.getCandles({ ...KEY, ...gone });
    expect([series.length, missing]).toEqual([0, [gone]]);
  });

  it('is whole: coverage that it removed, and candles that it replaced, in two pages', async () => {
    const { deaf, other } = await openTwo();
    await deaf.saveCandles(KEY, flat(-3_000, 0), { covers: stretch(-3_000, 0) });
    await deaf.getCandles({ ...KEY, ...stretch(-100, 0) });
    await other.candles.write([
      { key: KEY, candles: flat(-3_000, -2_990, 7) },
      { key: KEY, candles: flat(-50, -40, 7) },
    ]);
    await other.coverage.remove(KEY, stretch(-50, -40));
    const { series, missing } = await deaf.getCandles({ ...KEY, ...stretch(-3_000, 0) });
    expect(series.close.filter((close) => close === 7).length).toBe(20);
    expect(missing).toEqual([stretch(-50, -40)]);
  });
});

describe('a removal by the same process, while its candles are read', () => {
  it('leaves candles that are there or missing, never "no trades"', async () => {
    const { deaf, other } = await openTwo();
    const range = stretch(-2_000, -1_500);
    for (let n = 0; n < 30; n += 1) {
      const key = { ...KEY, symbol: `R${n}` };
      await deaf.saveCandles(key, flat(-2_000, 0), { covers: stretch(-2_000, 0) });
      await deaf.getCandles({ ...key, limit: 1 });
      const removing = other.candles.remove(key, stretch(-2_000, -1_000));
      if (n % 3 > 0) await new Promise((resolve) => setImmediate(resolve));
      const { series, missing } = await deaf.getCandles({ ...key, ...range });
      await removing;
      expect([series.length, missing]).toEqual(series.length > 0 ? [500, []] : [0, [range]]);
    }
  });
});

describe('a column that a reader has transferred away', () => {
  it.each([
    ['with answers kept', {}],
    ['from pages', { candleCache: { maxAnswers: 0 } }],
    ['without a cache', { cache: false } as const],
  ])('is there again for the next one, %s', async (_, config) => {
    const { service } = await openDesk({ coordinator: undefined, ...config });
    await service.saveCandles(KEY, flat(-100, 0), { covers: stretch(-100, 0) });
    const query = { ...KEY, ...stretch(-100, 0) };
    for (const column of ['close', 'timestamp', 'volume'] as const) {
      for (let read = 0; read < 3; read += 1) await service.getCandles(query);
      const { series } = await service.getCandles(query);
      structuredClone(series[column], { transfer: [series[column].buffer] });
      expect(series.isDetached).toBe(true);
      for (const limit of [undefined, 30]) {
        const next = await service.getCandles({ ...query, limit });
        expect(next.series.toArray()).toEqual(flat(-100, limit === undefined ? 0 : -70));
        expect(next.missing).toEqual([]);
      }
    }
  });
});

describe('coverage that no clock that is right can have written', () => {
  it.each([
    ['reaches beyond now', { ...stretch(-10, 5), collectedAt: NOON }],
    ['was collected after now', { ...stretch(-10, 0), collectedAt: NOON + 9 * 3_600_000 }],
  ])('is dropped and fetched again: %s', async (_, { collectedAt, ...interval }) => {
    const { service, storage, exchange } = await openDesk();
    await storage.candles.write({ key: KEY, candles: flat(-10, -9), covers: stretch(-20, -10) });
    await storage.coverage.add(KEY, interval, { source: 'x', collectedAt });
    const blind = await service.getCandles({ ...KEY, ...stretch(-20, 0) }, { fetchMissing: false });
    expect(blind.missing).toEqual([stretch(-10, 0)]);
    const { series, missing } = await service.getCandles({ ...KEY, ...stretch(-20, 0) });
    expect(missing).toEqual([]);
    expect(series.length).toBe(10);
    expect(exchange.takeIntervals()).toEqual([[minutes(-10), minutes(0)]]);
  });

  it('is no longer believed when the clock is set back while it is in memory', async () => {
    const { clock, service } = await openDesk({ coordinator: undefined });
    await service.saveCandles(KEY, flat(-10, 0), { covers: stretch(-10, 0) });
    const query = { ...KEY, ...stretch(-10, 0) };
    for (let read = 0; read < 3; read += 1) {
      expect((await service.getCandles(query)).missing).toEqual([]);
    }
    clock.setWallTime(clock.now() - 3 * MINUTE);
    const { missing } = await service.getCandles(query);
    expect(missing).toEqual([stretch(-10, -3)]);
  });
});

describe('statistics', () => {
  it('name the parts that cannot give theirs, and give the others', async () => {
    class Silent extends MemoryRealtime {
      protected override _usage(): never {
        throw new Error('no connection');
      }
    }
    const clock = new ManualClock(NOON);
    const service = await createMarketData({
      storage: new MemoryStorage({ clock }),
      realtime: new Silent({ clock }),
      cache: new MemoryCache({ clock }),
      clock,
    });
    onTestFinished(() => service.close());
    await service.saveCandles(KEY, flat(-10, 0));
    const { storage, realtime, failed } = await service.stats();
    expect(storage?.size.candles).toBe(10);
    expect(realtime).toBeUndefined();
    expect(Object.keys(failed)).toEqual(['realtime']);
    expect(failed.realtime).toMatchObject({ code: 'INTERNAL' });
  });
});
