import { BarkeepError } from '@barkeep/core';
import { unavailable } from './browser-failure.ts';
import type { BrowserPersisterOptions } from './browser-persister-options.ts';
import { LockedPersister } from './locked-persister.ts';
import { StoredMark } from './stored-mark.ts';

const STORE = 'snapshots';
const KEY = 'database';

/**
 * Keeps a database in IndexedDB, as one value that is replaced in one transaction. `save` resolves
 * when the transaction is on the disk, as far as the browser knows: its durability is `strict`
 * (https://w3c.github.io/IndexedDB/#transaction-durability-hint).
 */
export class IndexedDbPersister extends LockedPersister {
  readonly #mark: StoredMark;
  #database: IDBDatabase | undefined;

  /**
   * `name` tells the databases of one origin apart.
   * @throws BarkeepError `INVALID_INPUT` naming the option.
   */
  constructor(name: string, options: BrowserPersisterOptions = {}) {
    super(name, 'indexeddb', options);
    this.#mark = new StoredMark(name);
  }

  /** Whether there is a database, or the browser has lost one. @throws BarkeepError as of `load`. */
  async isTaken(): Promise<boolean> {
    return (await this.#mark.isSet()) || (await this.salvage()) !== undefined;
  }

  protected override async _load(): Promise<Uint8Array | undefined> {
    const isMarked = await this.#mark.isSet();
    this.#database = await this.#open(this.readOnly || isMarked ? 'existing' : 'any');
    const value = this.#database && (await storedIn(this.#database));
    if (value === undefined && isMarked) throw lost(this.name);
    if (value === undefined || value instanceof Uint8Array) return value;
    throw new BarkeepError(
      'CORRUPT',
      `${this.name} does not hold bytes: delete() of its persister makes room for a new one`,
      { details: { path: this.name } },
    );
  }

  protected override async _save(bytes: Uint8Array): Promise<void> {
    if (this.#database === undefined) {
      throw new BarkeepError('NOT_OPEN', `${this.name} has not been loaded`);
    }
    await this.#replace(this.#database, bytes);
    await this.#mark.set();
  }

  protected override async _close(): Promise<void> {
    this.#database?.close();
    this.#database = undefined;
  }

  protected override async _delete(): Promise<void> {
    await resultOf(this.#factory().deleteDatabase(this.#databaseName));
    await this.#mark.clear();
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

  async #replace(database: IDBDatabase, bytes: Uint8Array): Promise<void> {
    try {
      // Nothing follows, so the page need not be there when the value has been taken.
      await put(database, bytes, (transaction) => transaction.commit());
    } catch (error) {
      const reason = error instanceof Error ? error.name : undefined;
      if (reason !== 'InvalidStateError' && reason !== 'AbortError') throw error;
      // The browser has closed the connection: its disk was full, or it was told to forget the site's data.
      const isClosed = reason === 'InvalidStateError';
      const connection = isClosed ? await this.#open('any') : database;
      if (isClosed) this.#mark.forget();
      this.#database = connection;
      // Of a transaction that was committed Firefox says only that it failed; of this one it says why.
      await put(connection, bytes);
    }
  }

  #open(which: 'any'): Promise<IDBDatabase>;
  #open(which: 'any' | 'existing'): Promise<IDBDatabase | undefined>;
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
      throw unopened(error, this.name);
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

function put(
  database: IDBDatabase,
  bytes: Uint8Array,
  then?: (transaction: IDBTransaction) => void,
): Promise<void> {
  const transaction = database.transaction(STORE, 'readwrite', { durability: 'strict' });
  transaction.objectStore(STORE).put(bytes, KEY);
  then?.(transaction);
  return completionOf(transaction);
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

function lost(name: string): BarkeepError {
  return new BarkeepError(
    'CANNOT_OPEN',
    `the browser has lost ${name}: it was saved in IndexedDB and is not there any more, as may happen after the disk was full; delete() of its persister makes room for a new one`,
    { details: { path: name } },
  );
}

/** All that Chromium says of a disk without room for the files that opening needs. */
function unopened(cause: unknown, name: string): unknown {
  if (!(cause instanceof Error) || cause.name !== 'UnknownError') return cause;
  return new BarkeepError(
    'CANNOT_OPEN',
    `cannot open ${name} in this browser, whose disk may be full: ${cause.message}`,
    { cause, retryable: true, details: { path: name } },
  );
}
