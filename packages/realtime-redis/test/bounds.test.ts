import type { RealtimeEvent } from '@barkeep/realtime';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TcpProxy } from '../../../tools/tcp-proxy.ts';
import {
  hasRedisServer,
  type OwnTestRedis,
  startOwnTestRedis,
  startTestRedisCluster,
} from '../../../tools/test-redis.ts';
import { RedisRealtime, type RedisRealtimeOptions } from '../src/index.ts';
import { AT, book, ticker, trade, trades } from './market.ts';

describe.skipIf(!hasRedisServer())('bounds', () => {
  let redis: OwnTestRedis;
  let raw: Redis;
  let proxy: TcpProxy;
  let handles: RedisRealtime[];

  beforeAll(async () => {
    redis = await startOwnTestRedis();
    raw = new Redis(redis.url);
  });

  afterAll(async () => {
    raw.disconnect();
    await redis.stop();
  });

  beforeEach(async () => {
    handles = [];
    proxy = await TcpProxy.start(redis.port);
    await raw.flushall();
  });

  afterEach(async () => {
    await Promise.all(handles.map((handle) => handle.close()));
    await proxy.stop();
  });

  async function open(options: Partial<RedisRealtimeOptions> = {}): Promise<RedisRealtime> {
    const url = `redis://127.0.0.1:${proxy.port}`;
    const handle = new RedisRealtime({ url, commandTimeoutMs: 20_000, ...options });
    handles.push(handle);
    await handle.open();
    return handle;
  }

  it('lets every key expire, also one that lost all it had and is filled again', async () => {
    const realtime = await open({ maxTradesPerSymbol: 2 });
    const at = (offset: number) => ({ ...trade(offset), id: `t${offset}`, timestamp: AT + offset });
    const expectExpiries = async (): Promise<void> => {
      for (const key of await raw.keys('barkeep:*')) {
        expect(await raw.pttl(key), key).toBeGreaterThan(0);
      }
    };
    // The first late one goes for others that are late, too.
    await realtime.trades.append('A', [at(10)]);
    await realtime.trades.append('A', [at(5)]);
    await realtime.trades.append('A', [at(7), at(8)]);
    await expectExpiries();
    // And those in order for others.
    await realtime.trades.append('B', [at(1)]);
    await realtime.trades.append('B', [at(2), at(3)]);
    await realtime.trades.append('B', [at(4), at(6)]);
    await expectExpiries();
  });

  /** How many bytes go both ways meanwhile. */
  async function bytesOf(work: () => Promise<unknown>): Promise<number> {
    const before = proxy.received;
    await work();
    return proxy.received - before;
  }

  /** How often the server ran some commands meanwhile, those of scripts included. */
  async function callsOf(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
    await raw.config('RESETSTAT');
    await work();
    const statistics = await raw.info('commandstats');
    const calls = [...statistics.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)];
    return Object.fromEntries(calls.map(([, name = '', count]) => [name, Number(count)]));
  }

  it('a read of few trades brings few, however many are kept', async () => {
    const realtime = await open({ maxTradesPerSymbol: 20_000 });
    await realtime.trades.append('few', trades(0, 20));
    await realtime.trades.append('many', trades(0, 5_000));
    const { cursor } = await realtime.trades.replay('many');
    await realtime.trades.append('many', trades(5_000, 5_003));
    const read = async (symbol: string): Promise<void> => {
      expect(await realtime.trades.recent(symbol, { limit: 1 })).toHaveLength(1);
      expect(await realtime.trades.recent(symbol, { limit: 10 })).toHaveLength(10);
      expect(await realtime.trades.recent(symbol, { since: AT + 1 })).toEqual([]);
    };
    await read('few');
    const few = await bytesOf(() => read('few'));
    expect(await bytesOf(() => read('many'))).toBeLessThan(few + 200);
    const replay = await bytesOf(() => realtime.trades.replay('many', { after: cursor }));
    expect(replay).toBeLessThan(1_000);
    expect(await bytesOf(() => realtime.trades.recent('many'))).toBeGreaterThan(100_000);
  });

  it('all trades of a large symbol are read in pages, and replayed so, with none twice and none left out', async () => {
    const realtime = await open({ maxTradesPerSymbol: 20_000 });
    // More of one timestamp than a page has, and others around them.
    const same = trades(0, 2_500);
    const others = Array.from({ length: 1_500 }, (_, i) => ({
      ...trade(`o${i}`),
      timestamp: AT + (i % 2 === 0 ? i + 1 : -i - 1),
    }));
    const all = [...others.slice(0, 700), ...same, ...others.slice(700)];
    await realtime.trades.append('A', all);
    const byTime = all.toSorted((a, b) => a.timestamp - b.timestamp);
    expect(await realtime.trades.recent('A')).toEqual(byTime);
    for (const limit of [999, 1_000, 1_001, 3_000, 3_999]) {
      expect(await realtime.trades.recent('A', { limit })).toEqual(byTime.slice(-limit));
    }
    expect(await realtime.trades.recent('A', { since: AT })).toEqual(
      byTime.filter(({ timestamp }) => timestamp >= AT),
    );
    const calls = await callsOf(async () => {
      expect(await realtime.trades.replay('A')).toMatchObject({ trades: all, gap: false });
    });
    expect((calls['evalsha'] ?? 0) + (calls['eval'] ?? 0)).toBeGreaterThanOrEqual(5);
  });

  it('an append of very many goes in slices, each of which works on a bounded number', async () => {
    const realtime = await open({ maxTradesPerSymbol: 1_000 });
    const other = await open({ url: redis.url });
    const events: RealtimeEvent[] = [];
    other.subscribe({ symbols: ['A'] }, (event) => events.push(event));
    await other.tickers.set(ticker('warm'));
    const many = 20_000;
    let isAppending = true;
    let interleaved = 0;
    const reading = (async () => {
      for (; isAppending; interleaved += 1) await other.tickers.get('warm');
    })();
    const calls = await callsOf(async () => {
      const appending = realtime.trades.append('A', trades(0, many));
      const next = realtime.trades.append('A', [trade(many)]);
      expect(await appending).toEqual({ added: many, duplicates: 0 });
      expect(await next).toEqual({ added: 1, duplicates: 0 });
    });
    isAppending = false;
    await reading;
    const runs = (calls['evalsha'] ?? 0) + (calls['eval'] ?? 0);
    expect(runs).toBeGreaterThanOrEqual(Math.floor(many / 1_280));
    expect(interleaved).toBeGreaterThan(10);
    expect(await realtime.trades.recent('A')).toEqual(trades(many - 999, many + 1));
    await expect
      .poll(() => events.flatMap((event) => (event.type === 'trades' ? event.trades : [])).length)
      .toBe(many + 1);
    const told = events.flatMap((event) => (event.type === 'trades' ? event.trades : []));
    expect(told.map(({ id }) => Number(id))).toEqual([...Array(many + 1).keys()]);
    const sizes = events.map((event) => (event.type === 'trades' ? event.trades.length : 0));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
  });

  it('the slices of an append take effect once and in their order, though their replies are lost', async () => {
    const realtime = await open({ maxTradesPerSymbol: 5_000 });
    await realtime.trades.append('A', trades(0, 1));
    proxy.mode = 'drop-replies';
    const before = proxy.received;
    const appending = realtime.trades.append('A', trades(1, 3_000));
    const next = realtime.trades.append('A', trades(2_999, 3_001));
    await expect.poll(() => proxy.received).toBeGreaterThan(before + 50_000);
    await expect.poll(() => raw.llen('barkeep:{A}:l'), { timeout: 5_000 }).toBeGreaterThan(500);
    proxy.mode = 'pass';
    proxy.cut();
    expect(await appending).toEqual({ added: 2_999, duplicates: 0 });
    expect(await next).toEqual({ added: 1, duplicates: 1 });
    expect((await realtime.trades.replay('A')).trades).toEqual(trades(0, 3_001));
  });

  it('an append larger than what may be under way counts as one call', async () => {
    const realtime = await open({ maxPendingCommands: 2, maxTradesPerSymbol: 5_000 });
    expect(await realtime.trades.append('A', trades(0, 3_000))).toEqual({
      added: 3_000,
      duplicates: 0,
    });
    expect(await realtime.trades.recent('A', { limit: 1 })).toHaveLength(1);
  });

  it('appends one by one in a turn travel together', async () => {
    const realtime = await open({ maxTradesPerSymbol: 100 });
    const count = 5_000;
    const calls = await callsOf(async () => {
      const appends = trades(0, count).map((one) => realtime.trades.append('A', [one]));
      for (const result of await Promise.all(appends)) expect(result.added).toBe(1);
    });
    expect((calls['evalsha'] ?? 0) + (calls['eval'] ?? 0)).toBeLessThan(count / 100);
    const total = Object.values(calls).reduce((sum, one) => sum + one, 0);
    expect(total).toBeLessThan(25 * count);
    expect(await realtime.trades.recent('A')).toEqual(trades(count - 100, count));
  });

  it('statistics do not look at the keys of others, however many there are', async () => {
    const realtime = await open();
    for (const symbol of ['A', 'B']) {
      await realtime.tickers.set(ticker(symbol));
      await realtime.orderBooks.set(book(symbol));
    }
    await realtime.trades.append('A', trades(0, 5));
    const alone = await callsOf(() => realtime.stats());
    await raw.eval(`for i = 1, 50000 do redis.call('SET', 'foreign:' .. i, 'x') end`, 0);
    const crowded = await callsOf(async () => {
      expect(await realtime.stats()).toMatchObject({ tickers: 2, orderBooks: 2, trades: 5 });
    });
    expect(crowded['scan']).toBeUndefined();
    expect(crowded['keys']).toBeUndefined();
    expect({ ...crowded, eval: 0, evalsha: 0 }).toEqual({ ...alone, eval: 0, evalsha: 0 });
  });

  it('statistics of very many symbols are an estimate, at a bounded cost', async () => {
    const realtime = await open();
    const count = 3_000;
    const symbols = Array.from({ length: count }, (_, i) => `S${i}`);
    await Promise.all(symbols.map((symbol) => realtime.tickers.set(ticker(symbol))));
    await Promise.all(
      symbols.filter((_, i) => i % 2 === 0).map((symbol) => realtime.orderBooks.set(book(symbol))),
    );
    const calls = await callsOf(async () => {
      const { tickers, orderBooks, bytes } = await realtime.stats();
      expect(tickers).toBe(count);
      expect(orderBooks).toBeGreaterThan(count / 2 - count / 8);
      expect(orderBooks).toBeLessThan(count / 2 + count / 8);
      expect(bytes).toBeGreaterThan(count * 50);
    });
    expect(calls['memory|usage']).toBeLessThanOrEqual(5_000);
  });

  it('statistics find the symbols of every process, and again after the list was lost', async () => {
    const one = await open();
    const other = await open();
    await one.tickers.set(ticker('A'));
    await other.tickers.set(ticker('B'));
    expect(await one.stats()).toMatchObject({ tickers: 2 });
    await raw.set('barkeep:{%}:x', 'foreign');
    expect(await one.stats()).toMatchObject({ tickers: 0 });
    await other.tickers.set(ticker('C'));
    expect(await one.stats()).toMatchObject({ tickers: 1 });
    expect(await one.tickers.getMany(['A', 'B', 'C'])).toEqual(
      ['A', 'B', 'C'].map((s) => ticker(s)),
    );
  });

  it('what something else put under the keys that count and list keeps nothing from working', async () => {
    const realtime = await open();
    const events: RealtimeEvent[] = [];
    realtime.subscribe({}, (event) => events.push(event));
    await realtime.tickers.set(ticker('A'));
    await realtime.trades.append('A', trades(0, 2));
    for (const [i, spoil] of [
      (key: string) => raw.set(key, 'foreign'),
      (key: string) => raw.set(key, '9'.repeat(40)),
      (key: string) => raw.sadd(key, 'foreign'),
    ].entries()) {
      for (const key of await raw.keys('barkeep:{%}:*')) {
        await raw.del(key);
        await spoil(key);
      }
      for (const key of ['barkeep:{A}:s', 'barkeep:{A}:i', 'barkeep:{A}:z']) {
        await raw.del(key);
        await spoil(key);
      }
      expect(await realtime.tickers.set(ticker('A', i + 1))).toBe('stored');
      await realtime.trades.append('A', [trade(`x${i}`)]);
      expect(await realtime.tickers.get('A')).toEqual(ticker('A', i + 1));
      expect((await realtime.trades.recent('A')).at(-1)).toEqual(trade(`x${i}`));
      expect((await realtime.trades.replay('A')).trades.at(-1)).toEqual(trade(`x${i}`));
    }
    await expect.poll(() => events.filter(({ type }) => type !== 'lagged').length).toBe(8);
    expect((await realtime.stats()).unreadable).toBeGreaterThan(5);
  });

  it('an update of a symbol that nobody wants is not decoded', async () => {
    const realtime = await open();
    const heard: RealtimeEvent[] = [];
    realtime.subscribe({ types: ['ticker'], symbols: ['A'] }, (event) => heard.push(event));
    await realtime.tickers.set(ticker('A'));
    await expect.poll(() => heard.length).toBe(1);
    // Nobody could read it, and nobody is told of it.
    const next = Number(await raw.get('barkeep:{%}:n')) + 1;
    const header = ['barkeep:{%}:n', `${next}`, `${Date.now()}`, '300000', '30000'];
    const change = ['=', 'barkeep:{B}:t', 'junk', '=', 'barkeep:{A}:b', 'junk'];
    await raw.publish('barkeep:{%}:live', [...header, ...change].join('\0'));
    await raw.incr('barkeep:{%}:n');
    await realtime.tickers.set(ticker('A', 1));
    await expect.poll(() => heard.length).toBe(2);
    expect(heard.map(({ type }) => type)).toEqual(['ticker', 'ticker']);
  });
});

describe.skipIf(!hasRedisServer())('bounds of a cluster', () => {
  it('statistics, sweeps and clearing keep below what may be under way', async () => {
    const cluster = await startTestRedisCluster();
    const client = new Cluster([...cluster.nodes]);
    const realtime = new RedisRealtime({ client, maxPendingCommands: 40 });
    await realtime.open();
    for (let i = 0; i < 200; i += 20) {
      const some = Array.from({ length: 20 }, (_, k) => `S${i + k}`);
      await Promise.all(some.map((symbol) => realtime.tickers.set(ticker(symbol))));
    }
    expect(await realtime.stats()).toMatchObject({ tickers: 200 });
    expect(await realtime.sweep()).toBe(0);
    await realtime.clear();
    expect(await realtime.stats()).toMatchObject({ tickers: 0 });
    await realtime.close();
    client.disconnect();
    await cluster.stop();
  });
});
