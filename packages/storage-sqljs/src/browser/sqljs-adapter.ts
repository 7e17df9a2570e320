import { invalidInput } from '@barkeep/core';
import type { StorageAdapter } from '@barkeep/storage';
import type { SqlJsStorageOptions } from '../sqljs-storage-options.ts';
import { BrowserPersister } from './browser-persister.ts';
import type { BrowserPersisterOptions } from './browser-persister-options.ts';
import { IndexedDbPersister } from './indexed-db-persister.ts';
import { OpfsPersister } from './opfs-persister.ts';
import { SqlJsStorage } from './sqljs-storage.ts';

/** What URLs say; storage and persister check the values. */
interface UrlOptions
  extends Omit<SqlJsStorageOptions, 'persister' | 'path'>,
    BrowserPersisterOptions {
  readonly name: string;
  readonly fallback?: string;
}

type PersisterClass = typeof OpfsPersister | typeof IndexedDbPersister | typeof BrowserPersister;

const target = { option: 'name', kind: 'path' } as const;
const parameters = {
  saveDelayMs: 'count',
  archive: 'text',
  readOnly: 'switch',
  lockWaitMs: 'count',
  wasmUrl: 'text',
  worker: 'text',
} as const;

/** Makes storages from `opfs:<name>` and `indexeddb:<name>`. */
export const sqljsAdapter: StorageAdapter = {
  kind: 'storage',
  schemes: {
    opfs: {
      platform: 'browser',
      target,
      parameters: { ...parameters, fallback: 'text' },
      create: ({ fallback, ...options }: UrlOptions) => {
        if (fallback === undefined) return storageOver(OpfsPersister, options);
        if (fallback === 'indexeddb') return storageOver(BrowserPersister, options);
        const rule = 'must be "indexeddb"';
        throw invalidInput({ field: 'storage.fallback', rule, value: fallback });
      },
    },
    indexeddb: {
      platform: 'browser',
      target,
      parameters,
      create: (options: UrlOptions) => storageOver(IndexedDbPersister, options),
    },
  },
};

function storageOver(
  Persister: PersisterClass,
  { name, readOnly, lockWaitMs, ...options }: UrlOptions,
): SqlJsStorage {
  return new SqlJsStorage({ ...options, persister: new Persister(name, { readOnly, lockWaitMs }) });
}
