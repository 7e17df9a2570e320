import { BarkeepError } from '@barkeep/core';
import type { Persister } from '../persister.ts';
import { browserFailure, unavailable } from './browser-failure.ts';
import { checkDatabaseName } from './check-database-name.ts';
import { ExclusiveLock } from './exclusive-lock.ts';

const STORE = 'snapshots';
const KEY = 'database';

/**
 * Keeps a database in IndexedDB, as one value that is replaced in one transaction. `save` resolves
 * when the transaction is on the disk, as far as the browser knows: its durability is `strict`
 * (https://w3c.github.io/IndexedDB/#transaction-durability-hint).
 *
 * A Web Lock keeps it from being open in two pages.
 */
export class IndexedDbPersister implements Persister {
  readonly name: string;
  readonly #lock: ExclusiveLock;
  #database: IDBDatabase | undefined;

  /** `name` tells the databases of one origin apart. @throws BarkeepError `INVALID_INPUT`. */
  constructor(name: string) {
    this.name = checkDatabaseName(name);
    this.#lock = new ExclusiveLock(`barkeep/indexeddb/${name}`);
  }

  /** @throws BarkeepError `BUSY`, `CANNOT_OPEN`, `CORRUPT` or `IO`. */
  async load(): Promise<Uint8Array | undefined> {
    try {
      await this.#lock.take();
      this.#database = await openDatabase(`barkeep/${this.name}`);
      const store = this.#database.transaction(STORE).objectStore(STORE);
      const value: unknown = await resultOf(store.get(KEY));
      if (value === undefined || value instanceof Uint8Array) return value;
      const details = { path: this.name };
      throw new BarkeepError('CORRUPT', `${this.name} does not hold bytes`, { details });
    } catch (error) {
      throw browserFailure(error, this.name);
    }
  }

  /** @throws BarkeepError `DISK_FULL`, `BUSY`, or `IO`: also after the browser was told to forget the site's data. */
  async save(bytes: Uint8Array): Promise<void> {
    try {
      this.#lock.assertHeld();
      const transaction = this.#opened().transaction(STORE, 'readwrite', { durability: 'strict' });
      transaction.objectStore(STORE).put(bytes, KEY);
      await completionOf(transaction);
    } catch (error) {
      throw browserFailure(error, this.name);
    }
  }

  async close(): Promise<void> {
    this.#database?.close();
    this.#database = undefined;
    await this.#lock.release();
  }

  #opened(): IDBDatabase {
    if (this.#database !== undefined) return this.#database;
    throw new BarkeepError('NOT_OPEN', `${this.name} has not been loaded`);
  }
}

async function openDatabase(name: string): Promise<IDBDatabase> {
  if (typeof indexedDB === 'undefined') throw unavailable(name, 'IndexedDB');
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  const database = await resultOf(request);
  // Whoever deletes the database does not have to wait for us.
  database.onversionchange = () => database.close();
  return database;
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function completionOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
