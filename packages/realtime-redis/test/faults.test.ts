import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { BarkeepError, ManualClock } from '@barkeep/core';
import type { RealtimeEvent } from '@barkeep/realtime';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TcpProxy } from '../../../tools/tcp-proxy.ts';
import { hasRedisServer, type OwnTestRedis, startOwnTestRedis } from '../../../tools/test-redis.ts';
import { RedisRealtime, type RedisRealtimeOptions } from '../src/index.ts';
import { ticker, trade, trades } from './market.ts';

const RETRYABLE = ['UNAVAILABLE', 'TIMEOUT', 'OVERLOADED'];

describe.skipIf(!hasRedisServer())('faults', () => {
  let redis: OwnTestRedis;
  let proxy: TcpProxy;
  let handles: RedisRealtime[];
  let runs = 0;

  beforeAll(async () => {
    redis = await startOwnTestRedis();
  });

  afterAll(() => redis.stop());

  beforeEach(async () => {
    runs += 1;
    handles = [];
    proxy = await TcpProxy.start(redis.port);
  });

  afterEach(async () => {
    await Promise.all(handles.map((handle) => handle.close()));
    await proxy.stop();
  });

  async function open(
    options: Partial<RedisRealtimeOptions> = {},
    port: number = proxy.port,
  ): Promise<RedisRealtime> {
    const handle = new RedisRealtime({
      url: `redis://127.0.0.1:${port}`,
      keyPrefix: `faults-${runs}:`,
      commandTimeoutMs: 300,
      heartbeatMs: 100,
      ...options,
    });
    handles.push(handle);
    await handle.open();
    return handle;
  }

  function listen(realtime: RedisRealtime): RealtimeEvent[] {
    const events: RealtimeEvent[] = [];
    realtime.subscribe({}, (event) => events.push(event));
    return events;
  }

  /** Waits until the connection works again. */
  async function recovered(realtime: RedisRealtime): Promise<void> {
    await expect
      .poll(
        () =>
          realtime.tickers.get('none').then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
  }

  it('a server that is killed and started again under load fails calls typed, and no more', async () => {
    const realtime = await open({ nearCache: true }, redis.port);
    const events = listen(realtime);
    const outcomes = new Map<string, number>();
    let isLoaded = true;
    let latest = 0;
    const load = async (symbol: string): Promise<void> => {
      for (let i = 0; isLoaded; i += 1) {
        try {
          await realtime.tickers.set(ticker(symbol, i));
          latest = i;
          const found = await realtime.tickers.get(symbol);
          // A server that lost all has nothing, or what was written since.
          if (found !== undefined) expect(found.timestamp).toBe(ticker(symbol, i).timestamp);
          count(outcomes, 'stored');
        } catch (error) {
          if (!BarkeepError.is(error)) throw error;
          expect(error.retryable).toBe(true);
          count(outcomes, error.code);
        }
      }
    };
    const loads = ['A', 'B', 'C'].map(load);
    await expect.poll(() => outcomes.get('stored') ?? 0).toBeGreaterThan(50);
    await redis.kill();
    await expect.poll(() => failures(outcomes), { timeout: 10_000 }).toBeGreaterThan(3);
    await redis.start();
    const before = outcomes.get('stored') ?? 0;
    await expect
      .poll(() => outcomes.get('stored') ?? 0, { timeout: 10_000 })
      .toBeGreaterThan(before + 50);
    isLoaded = false;
    await Promise.all(loads);
    expect([...outcomes.keys()].filter((one) => ![...RETRYABLE, 'stored'].includes(one))).toEqual(
      [],
    );
    await expect.poll(() => events.some(({ type }) => type === 'lagged')).toBe(true);
    const heard = events.length;
    await realtime.tickers.set(ticker('A', latest + 1_000));
    await expect.poll(() => events.length).toBeGreaterThan(heard);
  });

  it('opening fails where there is no server, and leaves nothing open', async () => {
    const lonely = new RedisRealtime({ url: 'redis://127.0.0.1:1', commandTimeoutMs: 500 });
    await expect(lonely.open()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(lonely.state).toBe('closed');
    proxy.mode = 'blackhole';
    const lost = new RedisRealtime({
      url: `redis://127.0.0.1:${proxy.port}`,
      commandTimeoutMs: 200,
    });
    await expect(lost.open()).rejects.toMatchObject({ retryable: true });
  });

  it('a blackholed connection fails every call in time, bounded in memory, and recovers', async () => {
    const realtime = await open({ maxPendingCommands: 50 });
    await realtime.tickers.set(ticker('A'));
    proxy.mode = 'blackhole';
    const calls = Array.from({ length: 200 }, (_, i) => realtime.tickers.set(ticker(`S${i}`)));
    const reads = Array.from({ length: 10 }, () => realtime.tickers.get('A'));
    const codes = await codesOf([...calls, ...reads]);
    expect(codes.get('OVERLOADED')).toBe(160);
    expect(failures(codes)).toBe(210);
    // What the client has not settled still holds memory, so it counts.
    const more = await codesOf(Array.from({ length: 200 }, (_, i) => realtime.tickers.get(`${i}`)));
    expect(failures(more)).toBe(200);
    proxy.mode = 'pass';
    await recovered(realtime);
    expect(await realtime.tickers.set(ticker('A', 1))).toBe('stored');
    expect(await realtime.tickers.get('A')).toEqual(ticker('A', 1));
  });

  it('writes that wait for a subscription are bounded too, and go on without it', async () => {
    const client = new Redis(redis.port);
    const realtime = new RedisRealtime({ client, maxPendingCommands: 50, commandTimeoutMs: 300 });
    await realtime.open();
    await client.config('SET', 'maxclients', '1');
    realtime.subscribe({}, () => undefined);
    const calls = Array.from({ length: 200 }, (_, i) => realtime.tickers.set(ticker(`S${i}`)));
    const codes = await codesOf(calls);
    await client.config('SET', 'maxclients', '10000');
    expect(Object.fromEntries(codes)).toEqual({ OVERLOADED: 150, none: 50 });
    await realtime.close();
    client.disconnect();
  });

  it('closing in a blackhole ends, and so does every call', async () => {
    const realtime = await open({ nearCache: true });
    proxy.mode = 'blackhole';
    const calls = [realtime.tickers.set(ticker('A')), realtime.stats(), realtime.clear()];
    const [codes] = await Promise.all([codesOf(calls), realtime.close()]);
    expect(failures(codes)).toBe(3);
    expect(realtime.state).toBe('closed');
  });

  it('a given client that has ended cannot be opened', async () => {
    const client = new Redis({ lazyConnect: true });
    client.disconnect();
    const realtime = new RedisRealtime({ client });
    await expect(realtime.open()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('a slow connection is slow, and nothing else', async () => {
    const realtime = await open({ commandTimeoutMs: 5_000 });
    const events = listen(realtime);
    proxy.delayMs = 40;
    const writes = Array.from({ length: 20 }, (_, i) => realtime.tickers.set(ticker('A', i)));
    expect(new Set(await Promise.all(writes))).toEqual(new Set(['stored']));
    expect(await realtime.tickers.get('A')).toEqual(ticker('A', 19));
    await expect.poll(() => events.length).toBe(20);
    expect(events.map((event) => event.type === 'ticker' && event.ticker)).toEqual(
      Array.from({ length: 20 }, (_, i) => ticker('A', i)),
    );
  });

  it('a write whose reply was lost takes effect once, is told once, and keeps its answer', async () => {
    const realtime = await open({ commandTimeoutMs: 10_000, maxTradesPerSymbol: 10 });
    const other = await open({ maxTradesPerSymbol: 10 }, redis.port);
    const events = listen(other);
    await other.tickers.set(ticker('before'));
    proxy.mode = 'drop-replies';
    const before = proxy.received;
    const ticking = realtime.tickers.set({ ...ticker('A'), price: 1 });
    const appending = realtime.trades.append('A', trades(0, 3));
    await expect.poll(() => proxy.received).toBeGreaterThan(before);
    await expect.poll(() => other.tickers.get('A')).toBeDefined();
    await expect.poll(async () => (await other.trades.recent('A')).length).toBe(3);
    // Meanwhile others write what an ordinary second run would overwrite, and push the trades out.
    await other.tickers.set({ ...ticker('A'), price: 2 });
    await other.trades.append('A', trades(10, 20));
    proxy.mode = 'pass';
    proxy.cut();
    expect(await ticking).toBe('stored');
    expect(await appending).toEqual({ added: 3, duplicates: 0 });
    expect(await other.tickers.get('A')).toEqual({ ...ticker('A'), price: 2 });
    expect(await other.trades.recent('A')).toEqual(trades(10, 20));
    await other.tickers.set(ticker('after'));
    await expect.poll(() => events.length).toBeGreaterThanOrEqual(6);
    expect(events.map((event) => event.type)).toEqual([
      'ticker',
      'ticker',
      'trades',
      'ticker',
      'trades',
      'ticker',
    ]);
  });

  it('events that were lost with a connection are told as lagged', async () => {
    const realtime = await open();
    const events = listen(realtime);
    const other = await open({}, redis.port);
    await realtime.tickers.set(ticker('A'));
    await expect.poll(() => events.length).toBe(1);
    proxy.cut();
    await other.tickers.set(ticker('B'));
    await expect.poll(() => events.map(({ type }) => type)).toContain('lagged');
    await other.tickers.set(ticker('C'));
    await expect
      .poll(() => events.some((one) => one.type === 'ticker' && one.ticker.symbol === 'C'))
      .toBe(true);
  });

  it('a connection that is dead without an end is found by its heartbeat', async () => {
    const client = new Redis(proxy.port);
    const realtime = new RedisRealtime({ client, commandTimeoutMs: 300, heartbeatMs: 100 });
    await realtime.open();
    const events = listen(realtime);
    await realtime.tickers.set(ticker('A'));
    await expect.poll(() => events.length).toBe(1);
    const { accepted } = proxy;
    proxy.mode = 'blackhole';
    await expect.poll(() => proxy.accepted, { timeout: 5_000 }).toBeGreaterThan(accepted);
    proxy.mode = 'pass';
    await expect.poll(() => events.map(({ type }) => type), { timeout: 5_000 }).toContain('lagged');
    await realtime.close();
    client.disconnect();
  });

  it('a connection that answers its heartbeats is kept, whichever protocol it speaks', async () => {
    for (const protocol of [2, 3] as const) {
      const client = new Redis({ port: proxy.port, protocol });
      const realtime = new RedisRealtime({ client, heartbeatMs: 10 });
      await realtime.open();
      const events = listen(realtime);
      await realtime.tickers.set(ticker('A'));
      await expect.poll(() => events.length).toBe(1);
      const { accepted, received } = proxy;
      await expect.poll(() => proxy.received).toBeGreaterThan(received + 150);
      expect(proxy.accepted).toBe(accepted);
      expect(events.length).toBe(1);
      await realtime.close();
      client.disconnect();
    }
  });

  it('a server that wants a password is not opened without it', async () => {
    const raw = new Redis(redis.url);
    await raw.config('SET', 'requirepass', 'secret');
    try {
      const refused = new RedisRealtime({ url: redis.url });
      await expect(refused.open()).rejects.toMatchObject({ code: 'CANNOT_OPEN', retryable: false });
      const admitted = await open({ redisOptions: { password: 'secret' } });
      expect(await admitted.tickers.set(ticker('A'))).toBe('stored');
      const wrong = new RedisRealtime({ url: redis.url, redisOptions: { password: 'not-this' } });
      const error: unknown = await wrong.open().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'CANNOT_OPEN', retryable: false });
      expect(inspect(error, { depth: Number.POSITIVE_INFINITY })).not.toContain('not-this');
    } finally {
      await raw.config('SET', 'requirepass', '');
      raw.disconnect();
    }
  });

  it('a sweep of more than may be under way leaves room for others', async () => {
    const clock = new ManualClock();
    const realtime = await open({ clock, maxPendingCommands: 8 }, redis.port);
    for (let i = 0; i < 100; i += 1) await realtime.tickers.set(ticker(`S${i}`));
    clock.advance(299_999);
    clock.advance(1);
    const sweeping = realtime.sweep();
    expect(await realtime.tickers.set(ticker('A'))).toBe('stored');
    await sweeping;
    expect((await realtime.stats()).expirations).toBe(100);
  });

  it('the near-cache is not used while its connection is lost', async () => {
    const realtime = await open({ nearCache: true, maxRetriesPerRequest: 0 });
    await realtime.tickers.set(ticker('A'));
    await realtime.tickers.get('A');
    const other = await open({}, redis.port);
    proxy.mode = 'blackhole';
    proxy.cut();
    await other.tickers.set(ticker('A', 1));
    // It asks Redis, and does not get there.
    await expect.poll(() => codesOf([realtime.tickers.get('A')]).then(failures)).toBe(1);
    proxy.mode = 'pass';
    await recovered(realtime);
    await expect.poll(() => realtime.tickers.get('A')).toEqual(ticker('A', 1));
    await other.tickers.set(ticker('A', 2));
    await expect.poll(() => realtime.tickers.get('A')).toEqual(ticker('A', 2));
  });

  it('scripts that the server forgot are sent again', async () => {
    const realtime = await open();
    await realtime.tickers.set(ticker('A'));
    const raw = new Redis(redis.url);
    await raw.script('FLUSH');
    raw.disconnect();
    expect(await realtime.tickers.set(ticker('A', 1))).toBe('stored');
    expect((await realtime.trades.replay('A')).gap).toBe(false);
  });

  it('writes stay in their order when the server forgets the scripts', async () => {
    const realtime = await open({}, redis.port);
    const raw = new Redis(redis.port);
    const ids = Array.from({ length: 20 }, (_, i) => `${i}`);
    for (let round = 0; round < 20; round += 1) {
      await raw.script('FLUSH');
      const writes: Promise<unknown>[] = [];
      for (const id of ids) {
        writes.push(realtime.trades.append(`S${round}`, [trade(id)]));
        await setImmediate();
      }
      await Promise.all(writes);
      const recent = await realtime.trades.recent(`S${round}`);
      expect(recent.map(({ id }) => id)).toEqual(ids);
    }
    raw.disconnect();
  });

  it('a replay after the server lost its data reports a gap', async () => {
    const realtime = await open();
    await realtime.trades.append('A', trades(0, 3));
    const { cursor } = await realtime.trades.replay('A');
    const raw = new Redis(redis.url);
    await raw.flushall();
    raw.disconnect();
    await realtime.trades.append('A', trades(3, 5));
    const replay = await realtime.trades.replay('A', { after: cursor });
    expect(replay).toMatchObject({ trades: trades(3, 5), gap: true });
  });

  it('a server that has no memory left refuses writes, and goes on when it has some', async () => {
    const realtime = await open({}, redis.port);
    const raw = new Redis(redis.url);
    await raw.config('SET', 'maxmemory', '1');
    await expect(realtime.tickers.set(ticker('A'))).rejects.toMatchObject({
      code: 'DISK_FULL',
      retryable: true,
    });
    await raw.config('SET', 'maxmemory', '0');
    raw.disconnect();
    expect(await realtime.tickers.set(ticker('A'))).toBe('stored');
  });
});

/** How often calls ended with each code; `undefined` for those that succeeded. */
async function codesOf(calls: readonly Promise<unknown>[]): Promise<Map<string, number>> {
  const codes = new Map<string, number>();
  for (const result of await Promise.allSettled(calls)) {
    const failed = result.status === 'rejected' ? result.reason : undefined;
    count(codes, BarkeepError.is(failed) ? failed.code : 'none');
  }
  return codes;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function failures(counts: ReadonlyMap<string, number>): number {
  return RETRYABLE.reduce((sum, code) => sum + (counts.get(code) ?? 0), 0);
}
