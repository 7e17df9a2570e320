import type { IDataCache } from '@barkeep/cache';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { AdapterScheme, AdapterSchemes } from './adapter-from-url.ts';

/** What `storage` may be as a URL. */
export const storageSchemes: AdapterSchemes<IMarketDataStorage> = {
  memory: {
    package: '@barkeep/storage-memory',
    load: async () => {
      const { MemoryStorage } = await import('@barkeep/storage-memory');
      return (options) => new MemoryStorage(options);
    },
    parameters: {},
  },
  sqlite: {
    package: '@barkeep/storage-sqlite',
    load: async () => {
      const { SqliteStorage } = await import('@barkeep/storage-sqlite');
      return (options) => new SqliteStorage(options);
    },
    target: { option: 'path', kind: 'path' },
    parameters: {
      durability: 'text',
      busyTimeoutMs: 'count',
      readers: 'count',
      changePollMs: 'count',
      archive: 'text',
    },
  },
  sqljs: {
    package: '@barkeep/storage-sqljs',
    load: async () => {
      const { SqlJsStorage } = await import('@barkeep/storage-sqljs');
      return (options) => new SqlJsStorage(options);
    },
    target: { option: 'path', kind: 'path' },
    parameters: { saveDelayMs: 'count', readOnly: 'switch', archive: 'text' },
  },
};

const redisScheme: AdapterScheme<IRealtimeCache> = {
  package: '@barkeep/realtime-redis',
  load: async () => {
    const { RedisRealtime } = await import('@barkeep/realtime-redis');
    return (options) => new RedisRealtime(options);
  },
  target: { option: 'url', kind: 'url' },
  parameters: {
    keyPrefix: 'text',
    nearCache: 'switch',
    maxTradesPerSymbol: 'count',
    commandTimeoutMs: 'count',
    maxPendingCommands: 'count',
    maxRetriesPerRequest: 'count',
    heartbeatMs: 'count',
  },
};

/** What `realtime` may be as a URL. */
export const realtimeSchemes: AdapterSchemes<IRealtimeCache> = {
  memory: {
    package: '@barkeep/realtime-memory',
    load: async () => {
      const { MemoryRealtime } = await import('@barkeep/realtime-memory');
      return (options) => new MemoryRealtime(options);
    },
    parameters: {
      maxSymbols: 'count',
      maxTradesPerSymbol: 'count',
      maxBookDepth: 'count',
      maxBytes: 'count',
    },
  },
  redis: redisScheme,
  rediss: redisScheme,
  'redis-cluster': redisScheme,
};

/** What `cache` and `diskCache` may be as a URL. */
export const cacheSchemes: AdapterSchemes<IDataCache> = {
  memory: {
    package: '@barkeep/cache-memory',
    load: async () => {
      const { MemoryCache } = await import('@barkeep/cache-memory');
      return (options) => new MemoryCache(options);
    },
    parameters: { maxEntries: 'count', maxBytes: 'count', encodeAboveBytes: 'count' },
  },
  disk: {
    package: '@barkeep/cache-disk',
    load: async () => {
      const { DiskCache } = await import('@barkeep/cache-disk');
      return (options) => new DiskCache(options);
    },
    target: { option: 'directory', kind: 'path' },
    parameters: { maxEntries: 'count', maxBytes: 'count' },
  },
  keyv: {
    package: '@barkeep/cache-keyv',
    load: async () => (await import('@barkeep/cache-keyv')).keyvCacheFromUrl,
    target: { option: 'url', kind: 'inner-url' },
    parameters: { namespace: 'text', maxEntries: 'count', timeoutMs: 'count' },
  },
};
