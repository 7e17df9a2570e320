import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { MemoryCache } from '@barkeep/cache-memory';
import { createMarketData, type MarketDataConfig } from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import { MemoryStorage } from '@barkeep/storage-memory';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasRedis, startTestRedis } from '../../../tools/test-redis.ts';
import { KEY } from './fixtures.ts';

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'barkeep-market-data-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe('parts by URL', () => {
  it('are opened, used and closed with the service', async () => {
    const path = join(await temporaryDirectory(), '비트코인 100%.sqlite3');
    const url = `sqlite:${path.replaceAll('%', '%25')}?durability=power-loss&readers=0`;
    const candle = { timestamp: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    {
      await using service = await createMarketData({
        storage: url,
        realtime: 'memory:?maxSymbols=5',
        cache: 'memory:?maxEntries=10&maxBytes=1000000',
      });
      await service.saveCandles(KEY, [candle]);
      await service.updateTicker({ symbol: 'KRW-BTC', timestamp: 0, price: 1 });
    }
    await using again = await createMarketData({ storage: url });
    expect((await again.getCandles(KEY)).series.toArray()).toEqual([candle]);
    expect(await again.getTicker('KRW-BTC')).toBeUndefined();
  });

  it('keep every candle in plain rows when the URL says so', async () => {
    const path = join(await temporaryDirectory(), 'plain.sqlite3');
    const candles = Array.from({ length: 2_000 }, (_, i) => ({
      timestamp: Date.UTC(2026, 0, 1) + i * 60_000,
      open: 1,
      high: 1,
      low: 1,
      close: 1,
      volume: 1,
    }));
    const service = await createMarketData({ storage: `sqlite:${path}?archive=off` });
    await service.saveCandles(KEY, candles);
    await service.close();
    const database = new Database(path, { readonly: true });
    onTestFinished(() => void database.close());
    expect(database.prepare('SELECT count(*) FROM candles').pluck().get()).toBe(candles.length);
  });

  it('take the path from after three slashes, too', async () => {
    const path = join(await temporaryDirectory(), 'data.sqlite3');
    await using service = await createMarketData({ storage: `sqlite://${path}` });
    expect((await service.stats()).storage?.size.candles).toBe(0);
  });

  it('keep candles in WASM SQLite and pages on disk', async () => {
    const directory = await temporaryDirectory();
    const config = {
      storage: `sqljs:${join(directory, 'data.sqlite3')}?saveDelayMs=50`,
      cache: `disk:${join(directory, 'pages')}?maxBytes=1000000`,
    };
    const key = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
    const candle = { timestamp: 0, open: 1, high: 2, low: 1, close: 2, volume: 3 };
    await using service = await createMarketData(config);
    await service.saveCandles(key, [candle], { covers: { from: 0, to: 60_000 } });
    for (let i = 0; i < 2; i += 1) {
      const { series } = await service.getCandles({ ...key, from: 0, to: 60_000 });
      expect(series.toArray()).toEqual([candle]);
    }
    const { candles } = await service.stats();
    expect(candles.tiers).toContainEqual(expect.objectContaining({ adapter: 'cache-disk' }));
  });

  it.skipIf(!hasRedis())('keep realtime data and pages in Redis', async () => {
    const redis = await startTestRedis();
    onTestFinished(() => redis.stop());
    const prefix = `presets-${process.pid}`;
    const config = {
      storage: 'memory:',
      realtime: `${redis.url}?keyPrefix=${prefix}:&nearCache=on`,
      cache: `keyv:${redis.url}?namespace=${prefix}`,
    };
    const key = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
    const candle = { timestamp: 0, open: 1, high: 2, low: 1, close: 2, volume: 3 };
    await using one = await createMarketData(config);
    await using two = await createMarketData(config);
    const ticker = { symbol: 'KRW-BTC', timestamp: Date.now(), price: 1 };
    await one.updateTicker(ticker);
    expect(await two.getTicker('KRW-BTC')).toEqual(ticker);
    await one.saveCandles(key, [candle]);
    await one.getCandles({ ...key, from: 0, to: 60_000 });
    const { origins } = await one.getCandles({ ...key, from: 0, to: 60_000 });
    expect(origins).toMatchObject({ cache: 1 });
    const { cache, realtime } = await one.stats();
    expect(cache).toMatchObject({ hits: 1, failures: 0 });
    expect(realtime?.tickers).toBe(1);
  });

  it('keep pages in the Map of a Keyv', async () => {
    await using service = await createMarketData({ storage: 'memory:', cache: 'keyv:' });
    expect((await service.stats()).candles.tiers).toContainEqual(
      expect.objectContaining({ name: 'cache', adapter: 'cache-keyv' }),
    );
  });

  it('name the package of a Keyv store that is missing', async () => {
    await expect(
      createMarketData({ storage: 'memory:', cache: 'keyv:nobody-wrote-this://localhost' }),
    ).rejects.toMatchObject({
      code: 'MISSING_PACKAGE',
      details: { install: 'npm install @keyv/nobody-wrote-this' },
    });
  });

  it.each([
    ['storage', 'postgres://localhost/data', /known scheme \(memory:.* sqlite:/],
    ['storage', 'market_data.sqlite3', /must be a URL with a scheme/],
    ['storage', 'constructor:x', /known scheme/],
    ['storage', 'sqlite:', /must have a path after "sqlite:"/],
    ['storage', 'sqlite://host/x', /must have a path after "sqlite:"/],
    ['storage', 'sqlite:./x?durable=yes', /no parameter "durable" \(known: durability, /],
    ['storage', 'sqlite:./x?readers=two', /readers must be a whole number/],
    ['storage', 'sqlite:./x?readers=1&readers=2', /parameter "readers" only once/],
    ['storage', 'sqlite:./x?durability=paper', /durability must be/],
    ['storage', 'sqlite:./x?archive=on', /archive must be/],
    ['storage', 'sqlite:./100%', /percent sign as %25/],
    ['storage', 'memory:x', /must have nothing after "memory:"/],
    ['realtime', 'mqtt://localhost', /known scheme \(memory:, redis:, rediss:, redis-cluster:\)/],
    ['realtime', 'redis:localhost', /must go on with "\/\/" after "redis:"/],
    [
      'realtime',
      'redis://me:secret@localhost?near=on',
      /no parameter "near" .*redis:\/\/…@localhost/,
    ],
    ['realtime', 'redis://localhost?nearCache=yes', /nearCache must be "on" or "off"/],
    ['cache', 'keyv:localhost', /url must be a URL such as/],
    ['cache', 'memory:?ttl=5', /no parameter "ttl"/],
  ])('%s: %s is refused', async (part, url, message) => {
    const config: MarketDataConfig = { storage: 'memory:', [part]: url };
    await expect(createMarketData(config)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(message),
    });
  });

  it('name the package that is missing, and how to install it', async () => {
    expect(await loadWithNode('@barkeep/nobody-wrote-this')).toEqual({
      code: 'MISSING_PACKAGE',
      details: {
        package: '@barkeep/nobody-wrote-this',
        install: 'npm install @barkeep/nobody-wrote-this',
      },
    });
  });

  it('do not hide why a package that is there cannot be loaded', async () => {
    const broken = join(await temporaryDirectory(), 'broken.mjs');
    await writeFile(broken, "import 'its-dependency';");
    expect(await loadWithNode(broken)).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' });
  });
});

/** The error of an adapter whose package is loaded by Node itself: the test runner words it in its own way. */
async function loadWithNode(name: string): Promise<unknown> {
  const code = `
    import { importFailure, systemClock } from '@barkeep/core';
    import { adapterFromUrl } from './src/adapters/adapter-from-url.ts';
    const load = async () => {
      try {
        return (await import(${JSON.stringify(name)})).adapter;
      } catch (error) {
        throw importFailure(error, ${JSON.stringify(name)});
      }
    };
    const table = { other: { package: ${JSON.stringify(name)}, load } };
    await adapterFromUrl('other:', 'storage', table, { clock: systemClock }).catch(({ code, details }) => {
      console.log(JSON.stringify({ code, details }));
    });`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@barkeep/typescript', '--input-type=module', '--eval', code],
    { cwd: resolve(import.meta.dirname, '..') },
  );
  return JSON.parse(stdout);
}

describe('parts that are instances', () => {
  it('are opened and closed with the service when they are idle', async () => {
    const parts = {
      storage: new MemoryStorage(),
      realtime: new MemoryRealtime(),
      cache: new MemoryCache(),
    };
    const service = await createMarketData(parts);
    expect(Object.values(parts).map(({ state }) => state)).toEqual(['open', 'open', 'open']);
    await service.close();
    expect(Object.values(parts).map(({ state }) => state)).toEqual(['closed', 'closed', 'closed']);
  });

  it('stay open when they were open before', async () => {
    const parts = {
      storage: new MemoryStorage(),
      realtime: new MemoryRealtime(),
      cache: new MemoryCache(),
    };
    for (const part of Object.values(parts)) await part.open();
    const service = await createMarketData(parts);
    await service.close();
    expect(Object.values(parts).map(({ state }) => state)).toEqual(['open', 'open', 'open']);
    for (const part of Object.values(parts)) await part.close();
  });

  it('are closed again when a later one cannot be opened', async () => {
    class StubbornCache extends MemoryCache {
      protected override _start(): never {
        throw new Error('no');
      }
    }
    const storage = new MemoryStorage();
    const realtime = new MemoryRealtime();
    await realtime.open();
    await expect(
      createMarketData({ storage, realtime, cache: new StubbornCache() }),
    ).rejects.toThrow('no');
    expect([storage.state, realtime.state]).toEqual(['closed', 'open']);
    await realtime.close();
  });

  it('are refused when they are closed', async () => {
    const storage = new MemoryStorage();
    await storage.close();
    await expect(createMarketData({ storage })).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});

describe('the configuration', () => {
  it.each<[string, unknown]>([
    ['config', undefined],
    ['config', { storage: 'memory:', coordinater: {} }],
    ['storage', {}],
    ['storage', { storage: {} }],
    ['realtime', { storage: 'memory:', realtime: 5 }],
    ['cache', { storage: 'memory:', cache: true }],
    ['diskCache', { storage: 'memory:', diskCache: false }],
    ['router', { storage: 'memory:', router: { listen: () => undefined } }],
    ['recording', { storage: 'memory:', recording: { interval: 3 } }],
    ['timeZone', { storage: 'memory:', tradingHours: { timeZone: 'Moon', sessions: [] } }],
    ['seriesTags', { storage: 'memory:', seriesTags: ['KRW'] }],
    ['coordinator', { storage: 'memory:', coordinator: { fetch: () => [] } }],
    ['clock', { storage: 'memory:', clock: { now: () => 0 } }],
    ['candleCache', { storage: 'memory:', candleCache: { pages: 3 } }],
    ['candleCache.pagePeriods', { storage: 'memory:', candleCache: { pagePeriods: 0 } }],
    ['fetching', { storage: 'memory:', fetching: { maxFetches: 3 } }],
    ['fetching.timeoutMs', { storage: 'memory:', fetching: { timeoutMs: 1.5 } }],
    ['fetching.random', { storage: 'memory:', fetching: { random: 4 } }],
    ['fetching.retry', { storage: 'memory:', fetching: { retry: { attempts: 3 } } }],
    ['fetching.retry.maxAttempts', { storage: 'memory:', fetching: { retry: { maxAttempts: 0 } } }],
  ])('with a fault in %s is refused', async (field, config) => {
    await expect(createMarketData(config as MarketDataConfig)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { field },
    });
  });
});
