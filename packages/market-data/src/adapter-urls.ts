import type { AdapterSchemes } from './adapter-scheme.ts';

/** What `storage` may be as a URL. */
export const storageSchemes: AdapterSchemes = {
  memory: {
    package: '@barkeep/storage-memory',
    className: 'MemoryStorage',
    load: () => import('@barkeep/storage-memory'),
    parameters: {},
  },
  sqlite: {
    package: '@barkeep/storage-sqlite',
    className: 'SqliteStorage',
    load: () => import('@barkeep/storage-sqlite'),
    target: 'path',
    parameters: {
      durability: 'text',
      busyTimeoutMs: 'count',
      readers: 'count',
      changePollMs: 'count',
    },
  },
};

/** What `realtime` may be as a URL. */
export const realtimeSchemes: AdapterSchemes = {
  memory: {
    package: '@barkeep/realtime-memory',
    className: 'MemoryRealtime',
    load: () => import('@barkeep/realtime-memory'),
    parameters: {
      maxSymbols: 'count',
      maxTradesPerSymbol: 'count',
      maxBookDepth: 'count',
      maxBytes: 'count',
    },
  },
};

/** What `cache` may be as a URL. */
export const cacheSchemes: AdapterSchemes = {
  memory: {
    package: '@barkeep/cache-memory',
    className: 'MemoryCache',
    load: () => import('@barkeep/cache-memory'),
    parameters: { maxEntries: 'count', maxBytes: 'count' },
  },
};
