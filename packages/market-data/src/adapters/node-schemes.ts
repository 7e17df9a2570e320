import { importFailure, missingPackage } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { AdapterScheme } from './adapter-from-url.ts';
import type { AdapterRegistry } from './adapter-registry.ts';
import { constructing } from './constructing.ts';
import { neutralSchemes } from './neutral-schemes.ts';

const redisScheme: AdapterScheme<IRealtimeCache> = {
  package: '@barkeep/realtime-redis',
  platform: 'node',
  load: async () => {
    try {
      const { RedisRealtime } = await import('@barkeep/realtime-redis');
      return constructing(RedisRealtime, '@barkeep/realtime-redis');
    } catch (error) {
      throw importFailure(error, '@barkeep/realtime-redis');
    }
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

/** Every adapter of this workspace, imported as in `neutralSchemes`. */
export const nodeSchemes: AdapterRegistry = {
  storage: {
    ...neutralSchemes.storage,
    sqlite: {
      package: '@barkeep/storage-sqlite',
      platform: 'node',
      load: async () => {
        try {
          const { SqliteStorage } = await import('@barkeep/storage-sqlite');
          return constructing(SqliteStorage, '@barkeep/storage-sqlite');
        } catch (error) {
          throw importFailure(error, '@barkeep/storage-sqlite');
        }
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
      platform: 'node',
      load: async () => {
        try {
          const { SqlJsStorage } = await import('@barkeep/storage-sqljs');
          return constructing(SqlJsStorage, '@barkeep/storage-sqljs');
        } catch (error) {
          throw importFailure(error, '@barkeep/storage-sqljs');
        }
      },
      target: { option: 'path', kind: 'path' },
      parameters: { saveDelayMs: 'count', readOnly: 'switch', archive: 'text' },
    },
  },
  realtime: {
    ...neutralSchemes.realtime,
    redis: redisScheme,
    rediss: redisScheme,
    'redis-cluster': redisScheme,
  },
  cache: {
    ...neutralSchemes.cache,
    disk: {
      package: '@barkeep/cache-disk',
      platform: 'node',
      load: async () => {
        try {
          const { DiskCache } = await import('@barkeep/cache-disk');
          return constructing(DiskCache, '@barkeep/cache-disk');
        } catch (error) {
          throw importFailure(error, '@barkeep/cache-disk');
        }
      },
      target: { option: 'directory', kind: 'path' },
      parameters: { maxEntries: 'count', maxBytes: 'count' },
    },
    keyv: {
      package: '@barkeep/cache-keyv',
      platform: 'node',
      load: async () => {
        try {
          const { keyvCacheFromUrl } = await import('@barkeep/cache-keyv');
          if (keyvCacheFromUrl === undefined) throw missingPackage('@barkeep/cache-keyv');
          return keyvCacheFromUrl;
        } catch (error) {
          throw importFailure(error, '@barkeep/cache-keyv');
        }
      },
      target: { option: 'url', kind: 'inner-url' },
      parameters: { namespace: 'text', maxEntries: 'count', timeoutMs: 'count' },
    },
  },
};
