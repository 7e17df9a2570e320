import { importFailure } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { KnownAdapter, SchemeTables } from './known-adapters.ts';
import { neutralAdapters } from './neutral-adapters.ts';

const redis: KnownAdapter<IRealtimeCache> = {
  package: '@barkeep/realtime-redis',
  platform: 'node',
  load: async () => {
    try {
      return (await import('@barkeep/realtime-redis')).redisAdapter;
    } catch (error) {
      throw importFailure(error, '@barkeep/realtime-redis');
    }
  },
};

/** Every adapter that URLs may name without being given it. */
export const nodeAdapters: SchemeTables = {
  storage: {
    ...neutralAdapters.storage,
    sqlite: {
      package: '@barkeep/storage-sqlite',
      platform: 'node',
      load: async () => {
        try {
          return (await import('@barkeep/storage-sqlite')).sqliteAdapter;
        } catch (error) {
          throw importFailure(error, '@barkeep/storage-sqlite');
        }
      },
    },
    sqljs: {
      package: '@barkeep/storage-sqljs',
      platform: 'node',
      load: async () => {
        try {
          return (await import('@barkeep/storage-sqljs')).sqljsAdapter;
        } catch (error) {
          throw importFailure(error, '@barkeep/storage-sqljs');
        }
      },
    },
  },
  realtime: {
    ...neutralAdapters.realtime,
    redis,
    rediss: redis,
    'redis-cluster': redis,
  },
  cache: {
    ...neutralAdapters.cache,
    disk: {
      package: '@barkeep/cache-disk',
      platform: 'node',
      load: async () => {
        try {
          return (await import('@barkeep/cache-disk')).diskAdapter;
        } catch (error) {
          throw importFailure(error, '@barkeep/cache-disk');
        }
      },
    },
    keyv: {
      package: '@barkeep/cache-keyv',
      platform: 'node',
      load: async () => {
        try {
          return (await import('@barkeep/cache-keyv')).keyvAdapter;
        } catch (error) {
          throw importFailure(error, '@barkeep/cache-keyv');
        }
      },
    },
  },
};
