import { importFailure } from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { KnownAdapter, SchemeTables } from './known-adapters.ts';

const inBrowsers: KnownAdapter<IMarketDataStorage> = {
  package: '@barkeep/storage-sqljs',
  platform: 'browser',
  load: async () => {
    try {
      return (await import('@barkeep/storage-sqljs')).sqljsAdapter;
    } catch (error) {
      throw importFailure(error, '@barkeep/storage-sqljs');
    }
  },
};

/** The adapters that need nothing of Node. */
export const neutralAdapters: SchemeTables = {
  storage: {
    memory: {
      package: '@barkeep/storage-memory',
      load: async () => {
        try {
          return (await import('@barkeep/storage-memory')).memoryStorageAdapter;
        } catch (error) {
          throw importFailure(error, '@barkeep/storage-memory');
        }
      },
    },
    opfs: inBrowsers,
    indexeddb: inBrowsers,
  },
  realtime: {
    memory: {
      package: '@barkeep/realtime-memory',
      load: async () => {
        try {
          return (await import('@barkeep/realtime-memory')).memoryRealtimeAdapter;
        } catch (error) {
          throw importFailure(error, '@barkeep/realtime-memory');
        }
      },
    },
  },
  cache: {
    memory: {
      package: '@barkeep/cache-memory',
      load: async () => {
        try {
          return (await import('@barkeep/cache-memory')).memoryCacheAdapter;
        } catch (error) {
          throw importFailure(error, '@barkeep/cache-memory');
        }
      },
    },
  },
};
