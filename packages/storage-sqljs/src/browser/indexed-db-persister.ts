import { BarkeepError } from '@barkeep/core';
import { unavailable } from './browser-failure.ts';
import type { BrowserPersisterOptions } from './browser-persister-options.ts';
import { LockedPersister } from './locked-persister.ts';

const STORE = 'snapshots';
const KEY = 'database';

/**
 * Keeps a database in IndexedDB, as one value that is replaced in one transaction. `save` resolves
 * when the transaction is on the disk, as far as the browser knows: its durability is `strict`
 * (https://w3c.github.io/IndexedDB/#transaction-durability-hint).
 */
export class IndexedDbPersister extends LockedPersister {
  #database: IDBDatabase | undefined;

  /**
   * `name` tells the databases of one origin apart.
   * @throws BarkeepError `INVALID_INPUT` naming the option.
   */
  constructor(name: string, options: BrowserPersisterOptions = {}) {
    super(name, 'indexeddb', options);
  }

  protected override async _load(): Promise<Uint8Array | undefined> {
    this.#database = await this.#open(this.readOnly ? 'existing' : 'any');
    const value = this.#database && (await storedIn(this.#database));
    if (value === undefined || value instanceof Uint8Array) return value;
    throw new BarkeepError(
      'CORRUPT',
      `${this.name} does not hold bytes: delete() of its persister makes room for a new one`,
      { details: { path: this.name } },
    );
  }

  protected override async _save(bytes: Uint8Array): Promise<void> {
    const database = this.#database;
    if (database === undefined) {
      throw new BarkeepError('NOT_OPEN', `${this.name} has not been loaded`);
    }
    const transaction = database.transaction(STORE, 'readwrite', { durability: 'strict' });
    transaction.objectStore(STORE).put(bytes, KEY);
    // Nothing follows, so the page need not be there when the value has been taken.
    transaction.commit();
    await completionOf(transaction);
  }

  protected override async _close(): Promise<void> {
    this.#database?.close();
    this.#database = undefined;
  }

  protected override async _delete(): Promise<void> {
    await resultOf(this.#factory().deleteDatabase(this.#databaseName));
  }

  protected override async _salvage(): Promise<Uint8Array | undefined> {
    const database = await this.#open('existing');
    try {
      const value = database && (await storedIn(database));
      return value instanceof Uint8Array ? value : undefined;
    } finally {
      database?.close();
    }
  }

  async #open(which: 'any' | 'existing'): Promise<IDBDatabase | undefined> {
    const request = this.#factory().open(this.#databaseName, 1);
    let isNew = false;
    request.onupgradeneeded = () => {
      isNew = true;
      if (which === 'any') request.result.createObjectStore(STORE);
      else request.transaction?.abort();
    };
    try {
      const database = await resultOf(request);
      // Whoever deletes the database does not have to wait for us.
      database.onversionchange = () => database.close();
      return database;
    } catch (error) {
      if (isNew && which === 'existing') return undefined;
      throw error;
    }
  }

  #factory(): IDBFactory {
    if (typeof indexedDB === 'undefined') throw unavailable(this.name, 'IndexedDB');
    return indexedDB;
  }

  get #databaseName(): string {
    return `barkeep/${this.name}`;
  }
}

function storedIn(database: IDBDatabase): Promise<unknown> {
  return resultOf(database.transaction(STORE).objectStore(STORE).get(KEY));
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
