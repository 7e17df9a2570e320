import { MemoryCache } from '@barkeep/cache-memory';
import { type Candle, ManualClock } from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { MemoryStorage } from '@barkeep/storage-memory';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KEY, MINUTE, minutes, NOON, openDesk, settle } from './fixtures.ts';

const QUERY = { ...KEY, limit: 10 };
const COVERS = { from: minutes(-20), to: minutes(0) };

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

/** A service without a coordinator, whose cache has the last twenty candles. */
async function openWarm(config: Parameters<typeof openDesk>[0] = {}) {
  const desk = await openDesk({ coordinator: undefined, ...config });
  await desk.service.saveCandles(KEY, flat(-20, 0), { covers: COVERS });
  await desk.service.getCandles(QUERY);
  return desk;
}

async function answerHits(service: IMarketDataService): Promise<number | undefined> {
  const { tiers } = (await service.stats()).candles;
  return tiers.find(({ name }) => name === 'answers')?.hits;
}

describe('a query that is made again', () => {
  it('is given the same answer, which nobody can change, without asking the cache', async () => {
    const { service, cache } = await openWarm();
    const first = await service.getCandles(QUERY);
    expect(first.origins).toEqual({ cache: 10, router: 0, disk: 0, storage: 0, coordinator: 0 });
    const { hits } = await cache.stats();
    expect(await service.getCandles({ limit: 10, ...KEY, to: undefined })).toBe(first);
    expect((await cache.stats()).hits).toBe(hits);
    for (const part of [first, first.range, first.missing, first.coverage, first.origins]) {
      expect(part).toSatisfy(Object.isFrozen);
    }
    expect(first.coverage).toSatisfy((entries: object[]) => entries.every(Object.isFrozen));
  });

  it('counts as a call, and its candles as served from the cache', async () => {
    const { service } = await openWarm();
    await service.getCandles(QUERY);
    await service.getCandles(QUERY);
    const { operations, candles } = await service.stats();
    expect(operations).toMatchObject({ getCandles: { calls: 3, failures: 0 } });
    expect(candles).toMatchObject({ served: 30, fromCache: 20, fromStorage: 10 });
    expect(candles.tiers).toMatchObject([
      { name: 'answers', adapter: 'market-data', hits: 1, misses: 2 },
      { name: 'cache', hits: 1, misses: 1 },
      { name: 'storage', hits: 1 },
    ]);
  });

  it('is told from every other', async () => {
    const { service } = await openWarm();
    const queries = [
      QUERY,
      { ...QUERY, take: 'first' as const },
      { ...QUERY, limit: 9 },
      { ...QUERY, from: minutes(-20) },
      { ...QUERY, from: minutes(-20), take: 'last' as const },
      { ...QUERY, to: minutes(-1) },
      { ...KEY },
      { ...QUERY, symbol: 'KRW-ETH' },
      { ...QUERY, timeframe: '3m' as const },
    ];
    const answers = await Promise.all(queries.map((query) => service.getCandles(query)));
    expect(new Set(await Promise.all(queries.map((query) => service.getCandles(query))))).toEqual(
      new Set(answers),
    );
    expect(new Set(answers).size).toBe(queries.length);
  });

  it.each<[string, (parts: { service: IMarketDataService; storage: MemoryStorage }) => unknown]>([
    ['a write', ({ service }) => service.saveCandles(KEY, flat(-1, 0, 2))],
    [
      'a write to the storage',
      ({ storage }) => storage.candles.write({ key: KEY, candles: flat(-1, 0, 2) }),
    ],
    [
      'a removal',
      ({ storage }) => storage.candles.remove(KEY, { from: minutes(-1), to: minutes(0) }),
    ],
    [
      'new coverage',
      ({ storage }) =>
        storage.coverage.add(KEY, { from: minutes(-30), to: minutes(-20) }, { source: 'x' }),
    ],
    [
      'less coverage',
      ({ storage }) => storage.coverage.remove(KEY, { from: minutes(-1), to: minutes(0) }),
    ],
    ['an invalidation of all', ({ service }) => service.invalidate()],
    ['an invalidation of a stretch', ({ service }) => service.invalidate({ range: COVERS })],
  ])('is read again after %s', async (_name, change) => {
    const desk = await openWarm();
    const before = await desk.service.getCandles(QUERY);
    expect(await desk.service.getCandles(QUERY)).toBe(before);
    await change(desk);
    expect(await desk.service.getCandles(QUERY)).not.toBe(before);
  });

  it('is read again when the change feed has lagged', async () => {
    class LaggingStorage extends MemoryStorage {
      lag(): void {
        this.publish({ type: 'lagged' });
      }
    }
    const storage = new LaggingStorage();
    const { service } = await openWarm({ storage });
    const before = await service.getCandles(QUERY);
    storage.lag();
    expect(await service.getCandles(QUERY)).not.toBe(before);
  });

  it('is not read again for a change of another series', async () => {
    const { service } = await openWarm();
    const before = await service.getCandles(QUERY);
    await service.saveCandles({ ...KEY, symbol: 'KRW-ETH' }, flat(-1, 0));
    expect(await service.getCandles(QUERY)).toBe(before);
  });

  it('is not answered from what a change overtook on its way from the cache', async () => {
    let gate: Promise<void> | undefined;
    class SlowCache extends MemoryCache {
      protected override _get(key: string): ReturnType<MemoryCache['_get']> {
        const entry = super._get(key);
        // The base class waits for whatever promise it gets.
        return gate === undefined ? entry : (gate.then(() => entry) as never);
      }
    }
    const { service } = await openWarm({ cache: new SlowCache() });
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const overtaken = service.getCandles(QUERY);
    await settle();
    await service.saveCandles(KEY, flat(-1, 0, 2));
    gate = undefined;
    resolve();
    await overtaken;
    expect((await service.getCandles(QUERY)).series.at(-1)?.close).toBe(2);
  });

  it('still rejects with what is wrong with the call', async () => {
    const { service } = await openWarm();
    await service.getCandles(QUERY);
    const call = (query: object, options?: object) => service.getCandles(query as never, options);
    await expect(call({ ...KEY, limit: '10' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(call({ ...QUERY, last: 1 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(call(QUERY, { fetch: 1 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect((await service.stats()).operations['getCandles']).toMatchObject({
      calls: 5,
      failures: 3,
    });
    const signal = AbortSignal.abort();
    await expect(call(QUERY, { signal })).rejects.toMatchObject({ code: 'ABORTED' });
    await service.close();
    await expect(call(QUERY)).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });

  it('is an error each time its holes are asked to be one', async () => {
    const { service } = await openWarm();
    const query = { ...KEY, from: minutes(-30), to: minutes(0) };
    for (let read = 0; read < 3; read += 1) {
      expect((await service.getCandles(query)).missing).toHaveLength(1);
      await expect(service.getCandles(query, { onMissing: 'throw' })).rejects.toMatchObject({
        code: 'SOURCE_FAILED',
      });
    }
    const { operations, candles } = await service.stats();
    expect(operations['getCandles']).toMatchObject({ calls: 7, failures: 3 });
    expect(candles.served).toBe(10 + 3 * 20);
  });
});

describe('an answer holds', () => {
  it.each([
    ['its period ends', 30_000, {}],
    ['the period before counts as ended', 2_000, { fetching: { closeGraceMs: 32_000 } }],
    ['a page of it expires', 5_000, { candleCache: { unsettledPageTtlMs: 5_000 } }],
  ])('until %s', async (_name, ms, config) => {
    const { clock, service } = await openWarm(config);
    const before = await service.getCandles(QUERY);
    clock.advance(ms - 1);
    expect(await service.getCandles(QUERY)).toBe(before);
    clock.advance(1);
    expect(await service.getCandles(QUERY)).not.toBe(before);
  });

  it('not for a clock that was set back', async () => {
    const clock = new ManualClock(NOON + MINUTE / 2);
    let setBackMs = 0;
    const service = await createMarketData({
      storage: new MemoryStorage({ clock }),
      cache: new MemoryCache({ clock }),
      clock: { now: () => clock.now() - setBackMs, setTimer: clock.setTimer.bind(clock) },
    });
    onTestFinished(() => service.close());
    await service.saveCandles(KEY, flat(-20, 0));
    await service.getCandles(QUERY);
    const before = await service.getCandles(QUERY);
    setBackMs = 5 * MINUTE;
    expect((await service.getCandles(QUERY)).missing).not.toEqual(before.missing);
  });
});

describe('with a coordinator', () => {
  it('only an answer that took no request is given again', async () => {
    const { exchange, service } = await openDesk();
    const fetched = await service.getCandles(QUERY);
    const read = await service.getCandles(QUERY);
    expect(read).not.toBe(fetched);
    expect(read.origins).toEqual({ cache: 10, router: 0, disk: 0, storage: 0, coordinator: 0 });
    expect(await service.getCandles(QUERY)).toBe(read);
    expect(exchange.requests).toHaveLength(1);
  });

  it('the current period is asked for again when it is too old', async () => {
    const { clock, exchange, service } = await openDesk({ fetching: { currentMaxAgeMs: 5_000 } });
    for (let read = 0; read < 3; read += 1) await service.getCandles(QUERY);
    clock.advance(4_999);
    await service.getCandles(QUERY);
    expect(exchange.requests).toHaveLength(1);
    clock.advance(1);
    await service.getCandles(QUERY);
    expect(exchange.requests).toHaveLength(2);
  });

  it('a vain search further back is made again when its time has come', async () => {
    const { clock, exchange, service } = await openDesk({
      exchange: { trades: () => false },
      candleCache: { unsettledPageTtlMs: 86_400_000 },
    });
    const today = NOON - 12 * 60 * MINUTE;
    const query = { symbol: KEY.symbol, timeframe: '1d' as const, to: today, limit: 5 };
    await service.getCandles(query);
    clock.advance(3_599_999);
    await service.getCandles(query);
    expect(await service.getCandles(query)).toBe(await service.getCandles(query));
    const requests = exchange.requests.length;
    clock.advance(1);
    await service.getCandles(query);
    expect(exchange.requests.length).toBeGreaterThan(requests);
  });

  it('the start of history is in every answer once it is told', async () => {
    const { exchange, service } = await openDesk();
    for (let read = 0; read < 2; read += 1) await service.getCandles(QUERY);
    expect((await service.getCandles(QUERY)).historyStart).toBeUndefined();
    const historyStart = minutes(-60);
    exchange.interfere = () => ({ candles: [], covers: [], historyStart });
    await service.getCandles({ ...KEY, from: minutes(-90), to: minutes(-80) });
    expect((await service.getCandles(QUERY)).historyStart).toBe(historyStart);
  });

  it('what could not be fetched is asked for each time', async () => {
    const { exchange, service } = await openDesk({ fetching: { retry: { maxAttempts: 1 } } });
    exchange.interfere = () => {
      throw new Error('no route to host');
    };
    for (let read = 1; read <= 3; read += 1) {
      const { failures } = await service.getCandles({ ...KEY, ...COVERS });
      expect(failures).toHaveLength(1);
      expect(exchange.requests).toHaveLength(read);
    }
  });

  it('an answer that was not to be fetched is not one that was', async () => {
    const { exchange, service } = await openDesk();
    await service.saveCandles(KEY, flat(-20, 0));
    for (let read = 0; read < 3; read += 1) {
      const { missing } = await service.getCandles(QUERY, { fetchMissing: false });
      expect(missing).toHaveLength(1);
    }
    expect(exchange.requests).toEqual([]);
    expect((await service.getCandles(QUERY)).missing).toEqual([]);
  });
});

describe('what is kept', () => {
  async function rereads(candleCache: object, queries: readonly { limit: number }[]) {
    const { service } = await openWarm({ candleCache });
    for (const query of queries) await service.getCandles({ ...KEY, ...query });
    return answerHits(service);
  }

  it('is bounded in number: the least recently used goes first', async () => {
    const [a, b, c] = [{ limit: 1 }, { limit: 2 }, { limit: 3 }];
    expect(await rereads({ maxAnswers: 2 }, [a, b, a, c, a, c])).toBe(3);
    expect(await rereads({ maxAnswers: 2 }, [a, b, c, a, b, c])).toBe(0);
    expect(await rereads({ maxAnswers: 3 }, [a, b, c, a, b, c])).toBe(3);
  });

  it('is bounded in bytes', async () => {
    const [a, b] = [{ limit: 1 }, { limit: 2 }];
    expect(await rereads({ maxAnswerBytes: 1 }, [a, a])).toBe(0);
    expect(await rereads({ maxAnswerBytes: 6_000 }, [a, a, b, a])).toBe(1);
    expect(await rereads({ maxAnswerBytes: 60_000 }, [a, a, b, a])).toBe(2);
  });

  it('leaves its room to what comes after it', async () => {
    const { service } = await openWarm({ candleCache: { maxAnswerBytes: 6_000 } });
    for (let round = 1; round <= 5; round += 1) {
      await service.invalidate();
      for (let read = 0; read < 3; read += 1) await service.getCandles(QUERY);
      expect(await answerHits(service)).toBe(round);
    }
  });

  it('is nothing when there is no cache, or no room', async () => {
    expect(await rereads({ maxAnswers: 0 }, [QUERY, QUERY])).toBeUndefined();
    const { service } = await openWarm({ cache: false });
    expect(await service.getCandles(QUERY)).not.toBe(await service.getCandles(QUERY));
  });
});
