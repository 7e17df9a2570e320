import { type Candle, ManualClock } from '@barkeep/core';
import { createMarketData } from '@barkeep/market-data';
import { MemoryStorage } from '@barkeep/storage-memory';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KEY, MINUTE, minutes, NOON } from './fixtures.ts';

const ETH = { symbol: 'KRW-ETH', timeframe: '1m' } as const;
const XRP = { symbol: 'KRW-XRP', timeframe: '1m' } as const;

function flat(from: number, to: number): Candle[] {
  return Array.from({ length: to - from }, (_, i) => {
    return { timestamp: minutes(from + i), open: 1, high: 1, low: 1, close: 1, volume: 1 };
  });
}

/** A storage that outlives the services on it. */
async function openStorage(): Promise<{ clock: ManualClock; storage: MemoryStorage }> {
  const clock = new ManualClock(NOON + MINUTE / 2);
  const storage = new MemoryStorage({ clock });
  await storage.open();
  onTestFinished(() => storage.close());
  for (const key of [KEY, ETH, XRP]) await storage.candles.write({ key, candles: flat(-200, 0) });
  return { clock, storage };
}

describe('preloading', () => {
  it('has the named queries in the cache when the service is there', async () => {
    const { clock, storage } = await openStorage();
    await using service = await createMarketData({
      storage,
      clock,
      preload: { queries: [{ ...KEY, limit: 100 }] },
    });
    expect((await service.stats()).preload).toEqual({ queries: 1, candles: 100, failures: 0 });
    const { origins } = await service.getCandles({ ...KEY, limit: 100 });
    expect(origins).toMatchObject({ cache: 100, storage: 0 });
  });

  it('knows from run to run which series are read most, and how much of them', async () => {
    const { clock, storage } = await openStorage();
    const preload = { mostRead: 2 };
    const first = await createMarketData({ storage, clock, preload });
    for (let read = 0; read < 5; read += 1) await first.getCandles({ ...ETH, limit: 150 });
    for (let read = 0; read < 3; read += 1) await first.getCandlesBatch([{ ...XRP, limit: 20 }]);
    await first.getCandles({ ...KEY, limit: 10 });
    await first.close();

    const second = await createMarketData({ storage, clock, preload });
    expect((await second.stats()).preload).toEqual({ queries: 2, candles: 170, failures: 0 });
    const read = await second.getCandlesBatch(
      [ETH, XRP, KEY].map((key) => ({ ...key, limit: 20 })),
    );
    expect(read.map(({ origins }) => origins.cache)).toEqual([20, 20, 0]);
    await second.getCandlesBatch(Array(20).fill({ ...KEY, limit: 30 }));
    await second.close();

    await using third = await createMarketData({ storage, clock, preload });
    // What was read lately counts more.
    expect((await third.getCandles({ ...KEY, limit: 30 })).origins).toMatchObject({ cache: 30 });
    expect((await third.getCandles({ ...XRP, limit: 20 })).origins).toMatchObject({ cache: 0 });
  });

  it('notes nothing when nobody asked for it', async () => {
    const { clock, storage } = await openStorage();
    const service = await createMarketData({ storage, clock });
    await service.getCandles({ ...KEY, limit: 10 });
    await service.close();
    expect(await storage.metadata.keys()).toEqual([]);
  });

  it('adds to its notes when they could not be read at first', async () => {
    class SlowStartStorage extends MemoryStorage {
      isBroken = true;

      protected override _getMetadata(
        ...call: Parameters<MemoryStorage['_getMetadata']>
      ): ReturnType<MemoryStorage['_getMetadata']> {
        if (this.isBroken && call[0].startsWith('habits/')) throw new Error('not yet');
        return super._getMetadata(...call);
      }
    }
    const clock = new ManualClock(NOON);
    await using storage = new SlowStartStorage({ clock });
    await storage.open();
    await storage.metadata.set('habits/candles', { '1m:KRW-ETH': { reads: 40, candles: 7 } });
    const service = await createMarketData({ storage, clock, preload: { mostRead: 1 } });
    await service.getCandles({ ...KEY, limit: 10 });
    expect((await service.stats()).preload.failures).toBe(1);
    storage.isBroken = false;
    await service.close();
    expect(await storage.metadata.get('habits/candles')).toEqual({
      '1m:KRW-ETH': { reads: 20, candles: 7 },
      '1m:KRW-BTC': { reads: 1, candles: 0 },
    });
  });

  it('writes its notes also while it runs', async () => {
    const { clock, storage } = await openStorage();
    await using service = await createMarketData({ storage, clock, preload: { mostRead: 1 } });
    await service.getCandles({ ...KEY, limit: 10 });
    clock.advance(300_000);
    await expect
      .poll(() => storage.metadata.get('habits/candles'))
      .toMatchObject({
        '1m:KRW-BTC': { reads: 1, candles: 10 },
      });
  });

  it('that fails keeps no service from opening, and is counted', async () => {
    const { clock, storage } = await openStorage();
    await storage.metadata.set('habits/candles', { nonsense: { reads: 3, candles: 1 }, '1m:': 7 });
    Reflect.defineProperty(storage, 'candles', {
      value: {
        ...storage.candles,
        snapshots: () => Promise.reject(new Error('the disk is gone')),
      },
    });
    await using service = await createMarketData({
      storage,
      clock,
      preload: { queries: [{ ...KEY, limit: 5 }], mostRead: 3 },
    });
    expect((await service.stats()).preload).toMatchObject({ queries: 0, failures: 2 });
  });

  it.each([
    ['limit', { queries: [{ ...KEY, limit: -1 }] }],
    ['preload.mostRead', { mostRead: 1.5 }],
    ['preload', { mostRead: 1, mostread: 1 }],
  ])('refuses what breaks a rule: %s', async (field, preload) => {
    await expect(createMarketData({ storage: 'memory:', preload })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { field },
    });
  });
});
