import type { IDataCache } from '@barkeep/cache';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { AdapterSchemes } from './adapter-from-url.ts';

/** What `storage` may be as a URL. */
export const storageSchemes: AdapterSchemes<IMarketDataStorage> = {
  memory: {
    package: '@barkeep/storage-memory',
    load: async () => (await import('@barkeep/storage-memory')).MemoryStorage,
    parameters: {},
  },
  sqlite: {
    package: '@barkeep/storage-sqlite',
    load: async () => (await import('@barkeep/storage-sqlite')).SqliteStorage,
    target: 'path',
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
    load: async () => (await import('@barkeep/storage-sqljs')).SqlJsStorage,
    target: 'path',
    parameters: { saveDelayMs: 'count', archive: 'text' },
  },
};

/** What `realtime` may be as a URL. */
export const realtimeSchemes: AdapterSchemes<IRealtimeCache> = {
  memory: {
    package: '@barkeep/realtime-memory',
    load: async () => (await import('@barkeep/realtime-memory')).MemoryRealtime,
    parameters: {
      maxSymbols: 'count',
      maxTradesPerSymbol: 'count',
      maxBookDepth: 'count',
      maxBytes: 'count',
    },
  },
};

/** What `cache` may be as a URL. */
export const cacheSchemes: AdapterSchemes<IDataCache> = {
  memory: {
    package: '@barkeep/cache-memory',
    load: async () => (await import('@barkeep/cache-memory')).MemoryCache,
    parameters: { maxEntries: 'count', maxBytes: 'count' },
  },
  disk: {
    package: '@barkeep/cache-disk',
    load: async () => (await import('@barkeep/cache-disk')).DiskCache,
    target: 'directory',
    parameters: { maxEntries: 'count', maxBytes: 'count' },
  },
};
