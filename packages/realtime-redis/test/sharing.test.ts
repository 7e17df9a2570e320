import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ManualClock } from '@barkeep/core';
import type { RealtimeEvent } from '@barkeep/realtime';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  hasRedisServer,
  type OwnTestRedis,
  startOwnTestRedis,
  startTestRedisCluster,
  type TestRedisCluster,
} from '../../../tools/test-redis.ts';
import { RedisRealtime, type RedisRealtimeOptions } from '../src/index.ts';
import { book, ticker, trade, trades } from './market.ts';
import { ageKeys } from './server-clock.ts';

const CHILD = join(import.meta.dirname, 'children', 'trader.ts');

describe.skipIf(!hasRedisServer())('a server that is shared', () => {
  let redis: OwnTestRedis;
  let raw: Redis;
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
    await raw.flushall();
    await raw.config('RESETSTAT');
  });

  afterEach(async () => {
    await Promise.all(handles.map((handle) => handle.close()));
  });

  async function open(options: RedisRealtimeOptions = { url: redis.url }): Promise<RedisRealtime> {
    const handle = new RedisRealtime(options);
    handles.push(handle);
    await handle.open();
    return handle;
  }

  it.each([
    ['without a near-cache', false],
    ['with one that is empty', true],
  ])('answers a thousand equal reads with one command, %s', async (_, nearCache) => {
    const writer = await open({ url: redis.url, keyPrefix: 'stampede:' });
    await writer.tickers.set(ticker('A'));
    await writer.orderBooks.set(book('A'));
    const reader = await open({ url: redis.url, keyPrefix: 'stampede:', nearCache });
    const before = await callsOf(raw);
    const read = await Promise.all([
      ...Array.from({ length: 1_000 }, () => reader.tickers.get('A')),
      ...Array.from({ length: 1_000 }, () => reader.orderBooks.get('A')),
    ]);
    expect(read.slice(0, 1_000)).toEqual(Array(1_000).fill(ticker('A')));
    expect(read.slice(1_000)).toEqual(Array(1_000).fill(book('A')));
    const after = await callsOf(raw);
    // With a near-cache, in a script, which asks for the number of the last write too.
    expect(after.get + after.mget - before.get - before.mget).toBe(nearCache ? 4 : 2);
    expect(after.evalsha + after.eval - before.evalsha - before.eval).toBeGreaterThanOrEqual(
      nearCache ? 2 : 0,
    );
  });

  it('reads after a write of the same turn see it', async () => {
    const realtime = await open({ url: redis.url, keyPrefix: 'turn:' });
    const [before, , after] = await Promise.all([
      realtime.tickers.get('A'),
      realtime.tickers.set(ticker('A')),
      realtime.tickers.get('A'),
    ]);
    expect(before).toBeUndefined();
    expect(after).toEqual(ticker('A'));
  });

  it('writes stay in their order when a listener leaves before it could hear', async () => {
    const realtime = await open();
    const unsubscribe = realtime.subscribe({}, () => undefined);
    const first = realtime.tickers.set({ ...ticker('A'), price: 1 });
    unsubscribe();
    const second = realtime.tickers.set({ ...ticker('A'), price: 2 });
    expect(await Promise.all([first, second])).toEqual(['stored', 'stored']);
    expect(await realtime.tickers.get('A')).toMatchObject({ price: 2 });
  });

  it('keeps the last values before the close until trading goes on', async () => {
    // Friday, 15:29 in Seoul.
    const clock = new ManualClock(Date.parse('2026-09-25T06:29:00Z'));
    const tradingHours = {
      timeZone: 'Asia/Seoul',
      sessions: [{ days: [1, 2, 3, 4, 5], opens: '09:00', closes: '15:30' }],
    };
    const keyPrefix = 'hours:';
    const realtime = await open({ url: redis.url, keyPrefix, clock, tradingHours });
    const last = ticker('S');
    await realtime.tickers.set(last);
    // The fourth minute of trading since, on Monday.
    const lifeMs = Date.parse('2026-09-28T00:04:00Z') - clock.now();
    await ageKeys([raw], keyPrefix, lifeMs - 5_000);
    expect(await realtime.tickers.get('S')).toEqual(last);
    expect(await raw.pttl('hours:{S}:t')).toBeLessThanOrEqual(5_000);
    await ageKeys([raw], keyPrefix, 5_000);
    expect(await realtime.tickers.get('S')).toBeUndefined();
  });

  it('two processes see one another’s values and updates', async () => {
    const keyPrefix = 'processes:';
    const realtime = await open({ url: redis.url, keyPrefix });
    const fromChild = new Promise<RealtimeEvent>((resolve) => {
      realtime.subscribe({ symbols: ['child'] }, resolve);
    });
    const child = promisify(execFile)(process.execPath, [
      ...process.execArgv,
      CHILD,
      redis.url,
      keyPrefix,
    ]);
    expect(await fromChild).toEqual({ type: 'ticker', ticker: ticker('child') });
    expect(await realtime.tickers.get('child')).toEqual(ticker('child'));
    await realtime.tickers.set(ticker('parent'));
    const { stdout } = await child;
    expect(JSON.parse(stdout)).toEqual({
      event: { type: 'ticker', ticker: ticker('parent') },
      read: ticker('parent'),
    });
  });

  it.each([
    ['users', 'users-archive'],
    ['users:', 'users'],
    ['BTC%', 'BTC%25'],
    ['*', 'anything'],
    ['a?', 'ab'],
    ['[ab]', 'a'],
    ['\\*', '\\x'],
  ])('the keys of %s are not those of %s', async (keyPrefix, otherPrefix) => {
    const one = await open({ url: redis.url, keyPrefix });
    const other = await open({ url: redis.url, keyPrefix: otherPrefix });
    const symbols = ['A', '*', 'BTC%', '{A}', '}{', '%'];
    const heard: RealtimeEvent[] = [];
    other.subscribe({}, (event) => heard.push(event));
    for (const realtime of [one, other]) {
      for (const symbol of symbols) {
        await realtime.tickers.set(ticker(symbol));
        await realtime.orderBooks.set(book(symbol));
        await realtime.trades.append(symbol, trades(0, 2));
      }
    }
    await one.clear();
    expect(await one.stats()).toMatchObject({ tickers: 0, orderBooks: 0, trades: 0 });
    expect(await other.stats()).toMatchObject({ tickers: 6, orderBooks: 6, trades: 12 });
    expect(await other.tickers.getMany(symbols)).toEqual(symbols.map((symbol) => ticker(symbol)));
    await expect.poll(() => heard.length).toBe(18);
  });

  it('every key begins with the prefix, has its symbol as hash tag, and expires', async () => {
    const realtime = await open();
    for (const symbol of ['A', '}{%']) {
      await realtime.tickers.set(ticker(symbol));
      await realtime.orderBooks.set(book(symbol));
      await realtime.trades.append(symbol, trades(0, 2));
    }
    const keys = await raw.keys('*');
    expect(keys.length).toBe(13);
    for (const key of keys) {
      expect(key).toMatch(/^barkeep:\{(A|%7d%7b%25|%)\}:(t|b|l|i|s|n|x|w:[0-9a-f]{16})$/);
      expect(await raw.pttl(key)).toBeGreaterThan(0);
    }
    expect(await raw.pttl('barkeep:{A}:t')).toBeLessThanOrEqual(300_000);
    expect(await raw.pttl('barkeep:{A}:b')).toBeLessThanOrEqual(30_000);
    expect(await raw.pttl('barkeep:{A}:l')).toBeLessThanOrEqual(601_000);
  });

  it('Redis takes lives that are fractional or without end', async () => {
    const expiry = { tickerMs: 0.5, orderBookMs: Number.POSITIVE_INFINITY, tradesMs: 1e300 };
    const realtime = await open({ url: redis.url, clock: new ManualClock(), expiry });
    expect(await realtime.tickers.set(ticker('A'))).toBe('stored');
    expect(await realtime.orderBooks.set(book('A'))).toBe('stored');
    await realtime.trades.append('A', trades(0, 1));
    expect(await realtime.orderBooks.get('A')).toEqual(book('A'));
    expect(await realtime.trades.recent('A')).toEqual(trades(0, 1));
    await expect.poll(() => raw.exists('barkeep:{A}:t')).toBe(0);
  });

  it('ids stay apart that have the same bytes as broken text', async () => {
    const realtime = await open();
    const ids = ['\ud800', '\ud801', '\ufffd', '"\ud800"', '"', '\u0000', '\u0001', 'a b', ' '];
    const given = ids.map(trade);
    expect(await realtime.trades.append('A', given)).toEqual({ added: 9, duplicates: 0 });
    expect(await realtime.trades.append('A', given)).toEqual({ added: 0, duplicates: 9 });
    expect(await realtime.trades.recent('A')).toEqual(given);
  });

  it('a hole in the numbers of updates is told as lagged', async () => {
    const realtime = await open();
    const events: RealtimeEvent[] = [];
    realtime.subscribe({}, (event) => events.push(event));
    await realtime.tickers.set(ticker('A'));
    await raw.incr('barkeep:{%}:n');
    await realtime.tickers.set(ticker('B'));
    await expect.poll(() => events.length).toBe(3);
    expect(events.map(({ type }) => type)).toEqual(['ticker', 'lagged', 'ticker']);
  });

  it.each([
    ['a ticker', 't', '='],
    ['an order book', 'b', '='],
    ['trades', 'l', '+'],
  ])('an update that cannot be read is told as lagged: %s', async (_, letter, what) => {
    const realtime = await open({ url: redis.url, keyPrefix: 'junk:', nearCache: true });
    const events: RealtimeEvent[] = [];
    realtime.subscribe({}, (event) => events.push(event));
    await realtime.tickers.set(ticker('A'));
    await expect.poll(() => events.length).toBe(1);
    await realtime.tickers.get('A');
    const next = Number(await raw.get('junk:{%}:n')) + 1;
    const change = [what, `junk:{A}:${letter}`, '"none of ours'];
    const header = ['junk:{%}:n', `${next}`, `${Date.now()}`, '300000', '30000'];
    await raw.publish('junk:{%}:live', [...header, ...change].join('\0'));
    await expect.poll(() => events.at(-1)).toEqual({ type: 'lagged' });
    expect(await realtime.tickers.get('A')).toEqual(ticker('A'));
  });

  it('what something else put under a key affects that key alone, is counted, and heals', async () => {
    const realtime = await open();
    await realtime.tickers.set(ticker('C'));
    await raw.set('barkeep:{A}:t', 'nonsense');
    await raw.lpush('barkeep:{B}:t', 'nonsense');
    expect(await realtime.tickers.getMany(['A', 'B', 'C'])).toEqual([
      undefined,
      undefined,
      ticker('C'),
    ]);
    expect(await Promise.all(['A', 'B'].map((symbol) => realtime.tickers.get(symbol)))).toEqual([
      undefined,
      undefined,
    ]);
    expect((await realtime.stats()).unreadable).toBe(3);
    const symbols = ['A', 'B', 'C'];
    const results = await Promise.all(
      symbols.map((symbol) => realtime.tickers.set(ticker(symbol))),
    );
    expect(results).toEqual(['stored', 'stored', 'stored']);
    expect(await realtime.tickers.getMany(symbols)).toEqual(
      symbols.map((symbol) => ticker(symbol)),
    );
  });

  it('a replay tells a gap when the trades of another life expired in between', async () => {
    const brief = await open({ url: redis.url, expiry: { tradesMs: 60_000 } });
    const long = await open({ url: redis.url });
    await long.trades.append('A', trades(0, 1));
    const { cursor } = await long.trades.replay('A');
    await brief.trades.append('A', trades(1, 2));
    await long.trades.append('A', trades(2, 3));
    await ageKeys([raw], 'barkeep:', 60_000);
    expect(await long.trades.recent('A')).toEqual([...trades(0, 1), ...trades(2, 3)]);
    const replay = await long.trades.replay('A', { after: cursor });
    expect(replay).toMatchObject({ trades: trades(2, 3), gap: true });
  });

  it('trades whose ids were evicted are dropped rather than doubled, and reported', async () => {
    const realtime = await open();
    await realtime.trades.append('A', trades(0, 3));
    const { cursor } = await realtime.trades.replay('A');
    await realtime.trades.append('A', trades(3, 4));
    await raw.del('barkeep:{A}:i');
    expect(await realtime.trades.append('A', trades(2, 5))).toEqual({ added: 3, duplicates: 0 });
    const replay = await realtime.trades.replay('A', { after: cursor });
    expect(replay).toMatchObject({ trades: trades(2, 5), gap: true });
  });

  it('what was counted is counted anew when the count was evicted, and expires again', async () => {
    const realtime = await open();
    await realtime.trades.append('A', trades(0, 3));
    const { cursor } = await realtime.trades.replay('A');
    await raw.del('barkeep:{A}:s');
    expect(await realtime.trades.append('A', trades(0, 3))).toEqual({ added: 0, duplicates: 3 });
    expect(await raw.pttl('barkeep:{A}:s')).toBeGreaterThan(0);
    const replay = await realtime.trades.replay('A', { after: cursor });
    expect(replay).toMatchObject({ trades: trades(0, 3), gap: true });
    expect((await realtime.trades.replay('A', { after: replay.cursor })).gap).toBe(false);
  });

  it('the writes of one turn travel together, and reads of many are one', async () => {
    const realtime = await open();
    await realtime.tickers.set(ticker('A'));
    await realtime.tickers.getMany(['A']);
    const before = await callsOf(raw);
    const symbols = Array.from({ length: 50 }, (_, i) => `S${i}`);
    await Promise.all(symbols.map((symbol) => realtime.tickers.set(ticker(symbol))));
    const between = await callsOf(raw);
    await realtime.tickers.getMany(symbols);
    const after = await callsOf(raw);
    expect(between.evalsha - before.evalsha).toBe(1);
    expect(after.mget - between.mget).toBe(1);
    expect(after.get - between.get).toBe(0);
  });

  it('nothing is published when nobody listens', async () => {
    const realtime = await open();
    await realtime.tickers.set(ticker('A'));
    expect((await callsOf(raw)).publish).toBe(0);
    const unsubscribe = realtime.subscribe({}, () => undefined);
    await realtime.tickers.set(ticker('B'));
    expect((await callsOf(raw)).publish).toBe(1);
    unsubscribe();
    await expect.poll(async () => (await raw.pubsub('NUMSUB', 'barkeep:{%}:live'))[1]).toBe(0);
  });

  it('a client that was given is used and left open', async () => {
    const realtime = new RedisRealtime({ client: raw, keyPrefix: 'given:' });
    await realtime.open();
    const events: RealtimeEvent[] = [];
    realtime.subscribe({}, (event) => events.push(event));
    await realtime.tickers.set(ticker('A'));
    await expect.poll(() => events.length).toBe(1);
    await realtime.close();
    expect(await raw.ping()).toBe('PONG');
    expect(
      String(await raw.client('LIST'))
        .trim()
        .split('\n').length,
    ).toBe(1);
  });

  it('the near-cache follows what every process writes and deletes', async () => {
    const clock = new ManualClock();
    const near = await open({ url: redis.url, clock, nearCache: true });
    const other = await open({ url: redis.url, clock });
    await other.tickers.set(ticker('A', 1));
    await near.tickers.get('A');
    await other.tickers.set(ticker('A', 2));
    await expect.poll(() => near.tickers.get('A')).toEqual(ticker('A', 2));
    const asked = (await callsOf(raw)).get;
    await near.tickers.get('A');
    expect((await callsOf(raw)).get).toBe(asked);
    await other.tickers.delete('A');
    await expect.poll(() => near.tickers.get('A')).toBeUndefined();
    await other.tickers.set(ticker('A', 3));
    await expect.poll(() => near.tickers.get('A')).toEqual(ticker('A', 3));
    await other.clear();
    await expect.poll(() => near.tickers.get('A')).toBeUndefined();
    await near.tickers.set(ticker('A', 4));
    await near.tickers.get('A');
    await ageKeys([raw], 'barkeep:', 300_000);
    clock.advance(300_000);
    expect(await near.tickers.get('A')).toBeUndefined();
  });

  it('the near-cache has what a completed write stored, at once, while others write too', async () => {
    const near = await open({ url: redis.url, nearCache: { maxSymbols: 2 } });
    const other = await open();
    let isOn = true;
    const others = (async () => {
      for (let i = 0; isOn; i += 1) {
        await other.tickers.set({ ...ticker('A', i), price: 1 });
        if (i % 5 === 0) await other.tickers.delete('A');
      }
    })();
    let seen = 0;
    for (let i = 0; i < 500; i += 1) {
      if (i % 7 === 0) await Promise.all(['B', 'C', 'D'].map((one) => near.tickers.get(one)));
      const result = await near.tickers.set(ticker('A', 1_000_000 + i));
      const read = await near.tickers.get('A');
      // Nothing of what came before; another's delete lets an older one follow.
      expect(result).toBe('stored');
      if (read === undefined || read.price === 1) continue;
      expect(read).toEqual(ticker('A', 1_000_000 + i));
      seen += 1;
    }
    isOn = false;
    await others;
    expect(seen).toBeGreaterThan(100);
  });

  it.each<[options: object, field: string]>([
    [{}, 'options'],
    [{ url: 'redis://h', nodes: [{ host: 'h', port: 1 }] }, 'options'],
    [{ url: 'http://h' }, 'url'],
    [{ url: 'h:6379' }, 'url'],
    [{ url: 'redis://h?db=1' }, 'url'],
    [{ nodes: [] }, 'nodes'],
    [{ nodes: [{ host: 'h' }] }, 'nodes'],
    [{ client: {} }, 'client'],
    [{ client: new Redis({ lazyConnect: true, keyPrefix: 'x' }) }, 'client'],
    [{ client: new Redis({ lazyConnect: true }), redisOptions: {} }, 'redisOptions'],
    [{ url: 'redis://h', redisOptions: { keyPrefix: 'x' } }, 'redisOptions'],
    [{ url: 'redis://h', keyPrefix: 'a{b}' }, 'keyPrefix'],
    [{ url: 'redis://h', keyPrefix: '' }, 'keyPrefix'],
    [{ url: 'redis://h', keyPrefix: '\ud800' }, 'keyPrefix'],
    [{ url: 'redis://h', nearCache: 'on' }, 'nearCache'],
    [{ url: 'redis://h', nearCache: { maxSymbols: 0 } }, 'nearCache.maxSymbols'],
    [{ url: 'redis://h', nearCache: { max: 1 } }, 'nearCache'],
    [{ url: 'redis://h', maxTradesPerSymbol: 0 }, 'maxTradesPerSymbol'],
    [{ url: 'redis://h', commandTimeoutMs: 2 ** 31 }, 'commandTimeoutMs'],
    [{ url: 'redis://h', maxPendingCommands: 1.5 }, 'maxPendingCommands'],
    [{ url: 'redis://h', maxRetriesPerRequest: -1 }, 'maxRetriesPerRequest'],
    [{ url: 'redis://h', heartbeatMs: 0 }, 'heartbeatMs'],
  ])('options such as %o are refused', (options, field) => {
    let error: unknown;
    try {
      new RedisRealtime(options as RedisRealtimeOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'INVALID_INPUT', details: { field } });
  });
});

describe.skipIf(!hasRedisServer())('a cluster that is shared', () => {
  let nodes: TestRedisCluster;

  beforeAll(async () => {
    nodes = await startTestRedisCluster();
  });

  afterAll(() => nodes.stop());

  it('is found by the URL of one of its nodes', async () => {
    const [node] = nodes.nodes;
    const url = `redis-cluster://${node?.host}:${node?.port}`;
    await using realtime = new RedisRealtime({ url, keyPrefix: 'by-url:' });
    await realtime.open();
    const symbols = Array.from({ length: 20 }, (_, i) => `S${i}`);
    await Promise.all(symbols.map((symbol) => realtime.tickers.set(ticker(symbol))));
    expect(await realtime.tickers.getMany(symbols)).toEqual(
      symbols.map((symbol) => ticker(symbol)),
    );
  });

  it('symbols of every node are read at once, counted and cleared', async () => {
    const client = new Cluster([...nodes.nodes]);
    const realtime = new RedisRealtime({ client, keyPrefix: 'spread:' });
    const other = new RedisRealtime({ nodes: nodes.nodes, keyPrefix: 'spread:', nearCache: true });
    await Promise.all([realtime.open(), other.open()]);
    const events: RealtimeEvent[] = [];
    other.subscribe({}, (event) => events.push(event));
    await other.tickers.set(ticker('first'));
    await expect.poll(() => events.length).toBe(1);
    const symbols = Array.from({ length: 60 }, (_, i) => `S${i}}{`);
    await Promise.all(symbols.map((symbol) => realtime.tickers.set(ticker(symbol))));
    await Promise.all(symbols.map((symbol) => realtime.trades.append(symbol, trades(0, 2))));
    expect(await other.tickers.getMany(symbols)).toEqual(symbols.map((symbol) => ticker(symbol)));
    expect(await other.stats()).toMatchObject({ tickers: 61, trades: 120 });
    await expect.poll(() => events.length).toBe(121);
    expect(events.filter(({ type }) => type === 'lagged')).toEqual([]);
    await realtime.tickers.set(ticker('S0}{', 1));
    await expect.poll(() => other.tickers.get('S0}{')).toEqual(ticker('S0}{', 1));
    await realtime.clear();
    expect(await other.stats()).toMatchObject({ tickers: 0, trades: 0 });
    await expect.poll(() => other.tickers.get('S0}{')).toBeUndefined();
    await Promise.all([realtime.close(), other.close()]);
    expect(client.status).toBe('ready');
    client.disconnect();
  });

  it('a listener whose node ends hears from another one, and of what it may have missed', async () => {
    const realtime = new RedisRealtime({ nodes: nodes.nodes, keyPrefix: 'moved:' });
    await realtime.open();
    const events: RealtimeEvent[] = [];
    realtime.subscribe({}, (event) => events.push(event));
    await realtime.tickers.set(ticker('A'));
    await expect.poll(() => events.length).toBe(1);
    for (const { host, port } of nodes.nodes) {
      const node = new Redis({ host, port });
      await node.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      node.disconnect();
    }
    await expect.poll(() => events.map(({ type }) => type)).toContain('lagged');
    await realtime.tickers.set(ticker('A', 1));
    await expect.poll(() => events.at(-1)).toEqual({ type: 'ticker', ticker: ticker('A', 1) });
    await realtime.close();
  });
});

/** How often the server ran some commands since the test began. */
async function callsOf(
  raw: Redis,
): Promise<Record<'eval' | 'evalsha' | 'mget' | 'publish' | 'get', number>> {
  const statistics = await raw.info('commandstats');
  const calls = (name: string): number =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(statistics)?.[1] ?? 0);
  return {
    eval: calls('eval'),
    evalsha: calls('evalsha'),
    mget: calls('mget'),
    publish: calls('publish'),
    get: calls('get'),
  };
}
