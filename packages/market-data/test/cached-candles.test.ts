import { MemoryCache } from '@barkeep/cache-memory';
import { type Candle, ManualClock } from '@barkeep/core';
import { createMarketData } from '@barkeep/market-data';
import type { CandleQuery } from '@barkeep/storage';
import { MemoryStorage } from '@barkeep/storage-memory';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KEY, MINUTE, minutes, NOON, openDesk, settle } from './fixtures.ts';

function flat(from: number, to: number, price = 1): Candle[] {
  return Array.from({ length: to - from }, (_, i) => ({
    timestamp: minutes(from + i),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 1,
  }));
}

/** A storage that counts its snapshots and can hold them back, before or after it takes them. */
class WatchedStorage extends MemoryStorage {
  reads = 0;
  beforeReading: Promise<void> | undefined;
  afterReading: Promise<void> | undefined;

  protected override async _snapshots(
    ...call: Parameters<MemoryStorage['_snapshots']>
  ): ReturnType<MemoryStorage['_snapshots']> {
    this.reads += 1;
    await this.beforeReading;
    const snapshots = await super._snapshots(...call);
    await this.afterReading;
    return snapshots;
  }
}

async function openWatched(config: Partial<Parameters<typeof createMarketData>[0]> = {}) {
  const clock = new ManualClock(NOON + MINUTE / 2);
  const storage = new WatchedStorage({ clock });
  const service = await createMarketData({ storage, clock, ...config });
  onTestFinished(() => service.close());
  return { clock, storage, service };
}

describe('cached reads', () => {
  it.each([
    ['without any cache', { cache: false } as const],
    ['too large for pages', { candleCache: { pagePeriods: 8, maxPagesPerRead: 2 } }],
  ])('%s, too, cost the storage one query for a thousand equal ones', async (_, config) => {
    const { storage, service } = await openWatched(config);
    await service.saveCandles(KEY, flat(-500, 0));
    const query = { ...KEY, from: minutes(-400) };
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => service.getCandles(query)),
    );
    expect(answers.every(({ series }) => series.length === 400)).toBe(true);
    expect(storage.reads).toBe(1);
  });

  it('of a batch are remembered one by one', async () => {
    const { storage, service } = await openWatched();
    await service.saveCandles(KEY, flat(-100, 0));
    const queries = [5, 10, 20].map((limit) => ({ ...KEY, limit }));
    await service.getCandlesBatch(queries);
    const second = await service.getCandlesBatch(queries);
    const before = { reads: storage.reads, tiers: (await service.stats()).candles.tiers };
    const third = await service.getCandlesBatch([...queries, { ...KEY, limit: 30 }]);
    expect(third.slice(0, 3)).toEqual(second);
    expect(third.map(({ series }) => series.length)).toEqual([5, 10, 20, 30]);
    expect(third.map((answer, i) => answer === second[i])).toEqual([true, true, true, false]);
    const { tiers } = (await service.stats()).candles;
    expect((tiers[0]?.hits ?? 0) - (before.tiers[0]?.hits ?? 0)).toBe(3);
    expect(storage.reads).toBe(before.reads);
  });

  it('cost the storage one query for a thousand equal reads at the same time', async () => {
    const { storage, service } = await openWatched();
    await service.saveCandles(KEY, flat(-500, 0));
    const query = { ...KEY, limit: 100 };
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => service.getCandles(query)),
    );
    expect(storage.reads).toBe(1);
    for (const { series } of answers) expect(series.length).toBe(100);
    await service.getCandles(query);
    expect(storage.reads).toBe(1);
  });

  it('share memory where one page answers', async () => {
    const { service } = await openDesk({ coordinator: undefined });
    await service.saveCandles(KEY, flat(-100, 0));
    const one = await service.getCandles({ ...KEY, limit: 10 });
    const two = await service.getCandles({ ...KEY, limit: 20 });
    expect(one.series.close.buffer).toBe(two.series.close.buffer);
  });

  it('keep pages that were read together in memory of their own', async () => {
    const { service } = await openDesk({
      coordinator: undefined,
      candleCache: { pagePeriods: 10 },
    });
    await service.saveCandles(KEY, flat(-1_000, 0));
    await service.getCandles({ ...KEY, limit: 1_000 });
    const { series, origins } = await service.getCandles({ ...KEY, limit: 5 });
    expect(origins).toMatchObject({ cache: 5 });
    expect(series.close.buffer.byteLength).toBe(10 * Float64Array.BYTES_PER_ELEMENT);
  });

  it('find candles that lie far apart in few steps', async () => {
    const { storage, service } = await openWatched({ candleCache: { pagePeriods: 10 } });
    const sparse = Array.from({ length: 60 }, (_, i) => flat(-10 * (i + 1), -10 * (i + 1) + 1));
    await service.saveCandles(KEY, sparse.flat());
    const { series } = await service.getCandles({ ...KEY, limit: 31 });
    expect(series.length).toBe(31);
    expect(storage.reads).toBe(4);
    const forward = await service.getCandles({ ...KEY, from: minutes(-600), limit: 31 });
    expect(forward.series.length).toBe(31);
    expect(forward.series.firstTimestamp).toBe(minutes(-600));
  });

  it('see every write that resolved before them', async () => {
    const { service } = await openDesk({ coordinator: undefined });
    for (let price = 1; price <= 20; price += 1) {
      await service.saveCandles(KEY, flat(-1, 0, price));
      const { series } = await service.getCandles({ ...KEY, limit: 1 });
      expect(series.at(0)?.close).toBe(price);
    }
  });

  it('do not keep what a change overtook while it was being read', async () => {
    const { storage, service } = await openWatched();
    await service.saveCandles(KEY, flat(-10, 0, 1));
    const gate = Promise.withResolvers<void>();
    storage.afterReading = gate.promise;
    const overtaken = service.getCandles({ ...KEY, limit: 10 });
    await settle();
    await service.saveCandles(KEY, flat(-10, 0, 2));
    storage.afterReading = undefined;
    const after = await service.getCandles({ ...KEY, limit: 10 });
    expect(after.series.close).toEqual(new Float64Array(10).fill(2));
    gate.resolve();
    await overtaken;
    const later = await service.getCandles({ ...KEY, limit: 10 });
    expect(later.series.close).toEqual(new Float64Array(10).fill(2));
    expect(later.origins).toMatchObject({ cache: 10 });
  });

  it('are of one state, whatever overtakes them on their way', async () => {
    const { storage, service } = await openWatched();
    const range = { from: minutes(-10), to: minutes(0) };
    const gate = Promise.withResolvers<void>();
    storage.afterReading = gate.promise;
    const overtaken = service.getCandles({ ...KEY, ...range });
    await settle();
    await service.saveCandles(KEY, flat(-10, 0), { covers: range });
    storage.afterReading = undefined;
    const after = await service.getCandles({ ...KEY, ...range });
    expect(after).toMatchObject({ missing: [], series: { length: 10 } });
    gate.resolve();
    expect(await overtaken).toMatchObject({ missing: [range], series: { length: 0 } });
    expect(await service.getCandles({ ...KEY, ...range })).toMatchObject({ missing: [] });
  });

  it('do not take candles that were removed meanwhile for periods without trades', async () => {
    const { storage, service } = await openWatched();
    const range = { from: minutes(-10), to: minutes(0) };
    await service.saveCandles(KEY, flat(-10, 0), { covers: range });
    const gate = Promise.withResolvers<void>();
    storage.beforeReading = gate.promise;
    const reading = service.getCandles({ ...KEY, ...range });
    await settle();
    await storage.candles.remove(KEY);
    gate.resolve();
    expect(await reading).toMatchObject({ missing: [range], series: { length: 0 } });
  });

  it('ask the storage about everything when the change feed has lagged', async () => {
    class LaggingStorage extends WatchedStorage {
      lag(): void {
        this.publish({ type: 'lagged' });
      }
    }
    const clock = new ManualClock(NOON + MINUTE / 2);
    const storage = new LaggingStorage({ clock });
    const service = await createMarketData({ storage, clock });
    onTestFinished(() => service.close());
    await service.saveCandles(KEY, flat(-10, 0));
    await service.getCandles({ ...KEY, limit: 10 });
    await service.getCandles({ ...KEY, limit: 10 });
    expect(storage.reads).toBe(1);
    storage.lag();
    expect((await service.getCandles({ ...KEY, limit: 10 })).origins).toMatchObject({ cache: 10 });
    expect(storage.reads).toBe(2);
  });

  it('drop what is invalidated, and no more', async () => {
    const { service } = await openDesk({ coordinator: undefined });
    const other = { ...KEY, symbol: 'KRW-ETH' };
    for (const key of [KEY, other]) {
      await service.saveCandles(key, flat(-10, 0));
      await service.getCandles({ ...key, limit: 10 });
    }
    await service.invalidate({ symbol: KEY.symbol });
    expect((await service.getCandles({ ...KEY, limit: 10 })).origins).toMatchObject({
      storage: 10,
    });
    expect((await service.getCandles({ ...other, limit: 10 })).origins).toMatchObject({
      cache: 10,
    });
    await service.invalidate();
    expect((await service.getCandles({ ...other, limit: 10 })).origins).toMatchObject({
      storage: 10,
    });
    await expect(service.invalidate({ symbols: 'x' } as never)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('keep settled pages long and others shortly', async () => {
    const { clock, service, cache } = await openDesk({
      coordinator: undefined,
      candleCache: { pagePeriods: 10, settledPageTtlMs: 3_600_000, unsettledPageTtlMs: 60_000 },
    });
    await service.saveCandles(KEY, flat(-30, 0), {
      covers: { from: minutes(-30), to: minutes(-5) },
    });
    await service.getCandles({ ...KEY, from: minutes(-30), to: minutes(0) });
    expect(await cache.keys()).toHaveLength(3);
    clock.advance(60_000);
    expect(await cache.keys()).toHaveLength(2);
    clock.advance(3_540_000);
    expect(await cache.keys()).toHaveLength(0);
  });

  it('leave the cache to others when they are large', async () => {
    const { service, cache } = await openDesk({
      coordinator: undefined,
      candleCache: { pagePeriods: 10, maxPagesPerRead: 3 },
    });
    await service.saveCandles(KEY, flat(-100, 0));
    const { series, origins } = await service.getCandles({ ...KEY, from: minutes(-100) });
    expect(series.length).toBe(100);
    expect(origins).toEqual({ cache: 0, router: 0, disk: 0, storage: 100, coordinator: 0 });
    expect(await cache.keys()).toEqual([]);
    expect((await service.stats()).candles.directReads).toBe(1);
  });

  it('survive a cache that fails, and count it', async () => {
    class BrokenCache extends MemoryCache {
      protected override _get(): never {
        throw new Error('disk on fire');
      }
      protected override _setMany(): never {
        throw new Error('disk on fire');
      }
    }
    const { service } = await openWatched({ cache: new BrokenCache({ onReadFailure: 'throw' }) });
    await service.saveCandles(KEY, flat(-10, 0));
    for (let read = 0; read < 2; read += 1) {
      expect((await service.getCandles({ ...KEY, limit: 10 })).series.length).toBe(10);
    }
    const { candles } = await service.stats();
    expect(candles.tiers).toMatchObject([
      { name: 'answers', hits: 0, misses: 2 },
      { name: 'cache', hits: 0, misses: 2, failures: 4 },
      { name: 'storage', hits: 2, failures: 0 },
    ]);
  });

  it('report a failing storage to all who wait, and try again later', async () => {
    class FailingStorage extends MemoryStorage {
      broken = true;
      protected override _snapshots(
        ...call: Parameters<MemoryStorage['_snapshots']>
      ): ReturnType<MemoryStorage['_snapshots']> {
        return this.broken ? Promise.reject(new Error('disk on fire')) : super._snapshots(...call);
      }
    }
    const storage = new FailingStorage();
    const service = await createMarketData({ storage });
    onTestFinished(() => service.close());
    await service.saveCandles(KEY, flat(-10, 0));
    const failed = await Promise.allSettled(
      [1, 2].map(() => service.getCandles({ ...KEY, limit: 10 })),
    );
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    storage.broken = false;
    expect((await service.getCandles({ ...KEY, limit: 10 })).series.length).toBe(10);
  });

  it('leave nothing in a cache that belongs to somebody else', async () => {
    const cache = new MemoryCache();
    await cache.open();
    onTestFinished(() => cache.close());
    const service = await createMarketData({ storage: 'memory:', cache });
    await service.saveCandles(KEY, flat(-10, 0));
    await service.getCandles({ ...KEY, limit: 10 });
    expect(await cache.keys()).toHaveLength(1);
    await service.close();
    expect(await cache.keys()).toEqual([]);
  });
});

describe('batches', () => {
  const symbols = Array.from({ length: 50 }, (_, i) => `KRW-${i}`);

  it('read all that is not cached in one go, and answer in order', async () => {
    class CountingStorage extends MemoryStorage {
      queries: number[] = [];
      protected override _snapshots(requests: Parameters<MemoryStorage['_snapshots']>[0]) {
        this.queries.push(requests.length);
        return super._snapshots(requests);
      }
    }
    const clock = new ManualClock(NOON + MINUTE / 2);
    const storage = new CountingStorage({ clock });
    const service = await createMarketData({ storage, clock });
    onTestFinished(() => service.close());
    for (const [i, symbol] of symbols.entries()) {
      await service.saveCandles({ symbol, timeframe: '1m' }, flat(-20, 0, i + 1));
    }
    const queries = symbols.map((symbol): CandleQuery => ({ symbol, timeframe: '1m', limit: 5 }));
    expect(await service.preload(queries.slice(0, 10))).toEqual({ candles: 50, incomplete: 10 });
    const answers = await service.getCandlesBatch([...queries, ...queries.slice(0, 5)]);
    expect(storage.queries).toEqual([10, 40]);
    expect(answers.map(({ series }) => [series.symbol, series.length, series.close[0]])).toEqual(
      [...symbols, ...symbols.slice(0, 5)].map((symbol, i) => [symbol, 5, (i % 50) + 1]),
    );
  });

  it('fetch what each of them lacks', async () => {
    const { exchange, service } = await openDesk();
    const answers = await service.getCandlesBatch(
      symbols.map((symbol) => ({ symbol, timeframe: '1m', limit: 30 })),
    );
    expect(exchange.requests.map(({ symbol }) => symbol).sort()).toEqual(symbols.toSorted());
    for (const { series, missing } of answers) {
      expect(series.length).toBe(30);
      expect(missing).toEqual([]);
    }
  });

  it('name the query that breaks a rule', async () => {
    const { service } = await openDesk();
    await expect(
      service.getCandlesBatch([{ ...KEY }, { ...KEY, limit: -1 }]),
    ).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { field: 'limit', batch: 1 },
    });
  });
});
