import { importFailure, invalidInput, missingPackage } from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { AdapterFactory } from './adapter-from-url.ts';

/** What the URL of a database in a browser says; the storage and its persister check the values. */
export interface BrowserStorageOptions {
  readonly name: string;
  readonly readOnly?: boolean;
  readonly lockWaitMs?: number;
  readonly fallback?: string;
}

/**
 * A storage over what browsers keep.
 * @throws BarkeepError `MISSING_PACKAGE` when its package is not installed.
 */
export async function browserStorage(
  place: 'OPFS' | 'IndexedDB',
): Promise<AdapterFactory<IMarketDataStorage>> {
  try {
    // Within `try`: a bundler that does not find it leaves it to run time.
    const { SqlJsStorage, OpfsPersister, IndexedDbPersister, BrowserPersister } = await import(
      '@barkeep/storage-sqljs'
    );
    // As of `constructing`.
    if (SqlJsStorage === undefined) throw missingPackage('@barkeep/storage-sqljs');
    return ({ name, readOnly, lockWaitMs, fallback, ...options }: BrowserStorageOptions) => {
      if (fallback !== undefined && fallback !== 'indexeddb') {
        throw invalidInput({
          field: 'storage.fallback',
          rule: 'must be "indexeddb"',
          value: fallback,
        });
      }
      const inOpfs = fallback === undefined ? OpfsPersister : BrowserPersister;
      const Persister = place === 'OPFS' ? inOpfs : IndexedDbPersister;
      return new SqlJsStorage({
        ...options,
        persister: new Persister(name, { readOnly, lockWaitMs }),
      });
    };
  } catch (error) {
    throw importFailure(error, '@barkeep/storage-sqljs');
  }
}
