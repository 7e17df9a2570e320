import { importFailure } from '@barkeep/core';
import type { AdapterRegistry } from './adapter-registry.ts';
import { browserStorage } from './browser-storage.ts';
import { constructing } from './constructing.ts';

const DATABASE = {
  saveDelayMs: 'count',
  archive: 'text',
  readOnly: 'switch',
  lockWaitMs: 'count',
  wasmUrl: 'text',
  worker: 'text',
} as const;

/**
 * The adapters that need nothing of Node. Each is imported by a literal name, so that bundlers see it,
 * within a `try`, so that one that is not installed is an error of the program and not of its build.
 */
export const neutralSchemes: AdapterRegistry = {
  storage: {
    memory: {
      package: '@barkeep/storage-memory',
      load: async () => {
        try {
          const { MemoryStorage } = await import('@barkeep/storage-memory');
          return constructing(MemoryStorage, '@barkeep/storage-memory');
        } catch (error) {
          throw importFailure(error, '@barkeep/storage-memory');
        }
      },
      parameters: {},
    },
    opfs: {
      package: '@barkeep/storage-sqljs',
      platform: 'browser',
      load: () => browserStorage('OPFS'),
      target: { option: 'name', kind: 'path' },
      parameters: { ...DATABASE, fallback: 'text' },
    },
    indexeddb: {
      package: '@barkeep/storage-sqljs',
      platform: 'browser',
      load: () => browserStorage('IndexedDB'),
      target: { option: 'name', kind: 'path' },
      parameters: DATABASE,
    },
  },
  realtime: {
    memory: {
      package: '@barkeep/realtime-memory',
      load: async () => {
        try {
          const { MemoryRealtime } = await import('@barkeep/realtime-memory');
          return constructing(MemoryRealtime, '@barkeep/realtime-memory');
        } catch (error) {
          throw importFailure(error, '@barkeep/realtime-memory');
        }
      },
      parameters: {
        maxSymbols: 'count',
        maxTradesPerSymbol: 'count',
        maxBookDepth: 'count',
        maxBytes: 'count',
      },
    },
  },
  cache: {
    memory: {
      package: '@barkeep/cache-memory',
      load: async () => {
        try {
          const { MemoryCache } = await import('@barkeep/cache-memory');
          return constructing(MemoryCache, '@barkeep/cache-memory');
        } catch (error) {
          throw importFailure(error, '@barkeep/cache-memory');
        }
      },
      parameters: { maxEntries: 'count', maxBytes: 'count', encodeAboveBytes: 'count' },
    },
  },
};
