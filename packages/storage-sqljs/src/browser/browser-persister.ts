import { BarkeepError } from '@barkeep/core';
import type { Persister } from '@barkeep/sqlite-engine';
import {
  type BrowserPersisterOptions,
  type CheckedPersisterOptions,
  checkPersisterOptions,
} from './browser-persister-options.ts';
import { checkDatabaseName } from './check-database-name.ts';
import { IndexedDbPersister } from './indexed-db-persister.ts';
import type { LockedPersister } from './locked-persister.ts';
import { OpfsPersister } from './opfs-persister.ts';

/**
 * Keeps a database in OPFS, or in IndexedDB where OPFS cannot be used, as in private windows of Firefox
 * or in WebKitGTK. A database that is there already stays where it is.
 */
export class BrowserPersister implements Persister {
  readonly name: string;
  readonly options: CheckedPersisterOptions;
  readonly #opfs: OpfsPersister;
  readonly #indexedDb: IndexedDbPersister;
  #used: LockedPersister | undefined;

  /**
   * `name` tells the databases of one origin apart.
   * @throws BarkeepError `INVALID_INPUT` naming the option.
   */
  constructor(name: string, options: BrowserPersisterOptions = {}) {
    this.name = checkDatabaseName(name);
    this.options = checkPersisterOptions(options);
    this.#opfs = new OpfsPersister(name, options);
    this.#indexedDb = new IndexedDbPersister(name, options);
  }

  get readOnly(): boolean {
    return this.options.readOnly;
  }

  /** @throws BarkeepError as of `OpfsPersister` and `IndexedDbPersister`. */
  async load(): Promise<Uint8Array | undefined> {
    this.#used = this.#opfs;
    const reason = await this.#opfs.load().then(
      (bytes) => ({ bytes }),
      (error: unknown) => ({ error }),
    );
    if ('error' in reason && !BarkeepError.is(reason.error, 'CANNOT_OPEN')) throw reason.error;
    if ('bytes' in reason && reason.bytes !== undefined) return reason.bytes;
    if ('bytes' in reason && !(await this.#indexedDb.isTaken())) return undefined;
    await this.#opfs.close();
    this.#used = this.#indexedDb;
    return this.#indexedDb.load();
  }

  async save(bytes: Uint8Array): Promise<void> {
    if (this.#used !== undefined) return this.#used.save(bytes);
    throw new BarkeepError('NOT_OPEN', `${this.name} has not been loaded`);
  }

  async close(): Promise<void> {
    await this.#used?.close();
    this.#used = undefined;
  }

  /** Deletes the database, wherever it is. @throws BarkeepError as of `OpfsPersister.delete`. */
  async delete(): Promise<void> {
    await this.#opfs.delete().catch(unlessUnusable);
    await this.#indexedDb.delete();
  }

  /** As of `OpfsPersister.salvage`. */
  async salvage(): Promise<Uint8Array | undefined> {
    const inOpfs = await this.#opfs.salvage().catch(unlessUnusable);
    return inOpfs ?? this.#indexedDb.salvage();
  }
}

function unlessUnusable(error: unknown): undefined {
  if (!BarkeepError.is(error, 'CANNOT_OPEN')) throw error;
  return undefined;
}
