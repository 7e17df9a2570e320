import { BarkeepError } from '@barkeep/core';
import type { Persister } from '@barkeep/sqlite-engine';
import { assertDatabase } from '../database-image.ts';
import { browserFailure } from './browser-failure.ts';
import {
  type BrowserPersisterOptions,
  type CheckedPersisterOptions,
  checkPersisterOptions,
} from './browser-persister-options.ts';
import { checkDatabaseName } from './check-database-name.ts';
import { ExclusiveLock } from './exclusive-lock.ts';

/**
 * What the persisters of browsers have in common: a Web Lock keeps a database from being open in two
 * places, nothing but a database is ever saved, and whatever the browser throws becomes a
 * `BarkeepError`. A persister says how it reads and writes.
 */
export abstract class LockedPersister implements Persister {
  readonly name: string;
  readonly options: CheckedPersisterOptions;
  readonly #lock: ExclusiveLock;

  /** `lock` is the name of its kind of lock. @throws BarkeepError `INVALID_INPUT`. */
  constructor(name: string, lock: string, options: BrowserPersisterOptions = {}) {
    this.name = checkDatabaseName(name);
    this.options = checkPersisterOptions(options);
    this.#lock = new ExclusiveLock(`barkeep/${lock}/${name}`, name);
  }

  get readOnly(): boolean {
    return this.options.readOnly;
  }

  /**
   * @throws BarkeepError `BUSY` when another tab or worker has it open, `ABORTED`, `CORRUPT`, `IO`;
   * `CANNOT_OPEN` where the browser has no such storage, or refuses it.
   */
  load(): Promise<Uint8Array | undefined> {
    return this.#guarded(async () => {
      if (!this.readOnly) await this.#takeLock();
      return this._load();
    });
  }

  /**
   * Replaces the database, or leaves it as it was.
   * @throws BarkeepError `NOT_A_DATABASE` or `CORRUPT` when these are not the bytes of a whole database;
   * `READ_ONLY`, `DISK_FULL`, `BUSY`; `IO`, also after the browser was told to forget the site's data.
   */
  save(bytes: Uint8Array): Promise<void> {
    // Up to the first byte written nothing may wait: the page may be on its way out.
    return this.#guarded(async () => {
      assertDatabase(bytes, this.name);
      if (this.readOnly)
        throw new BarkeepError('READ_ONLY', `${this.name} is open for reading only`);
      this.#lock.assertHeld();
      await this._save(bytes);
    });
  }

  async close(): Promise<void> {
    try {
      await this.#guarded(() => this._close());
    } finally {
      await this.#lock.release();
    }
  }

  /**
   * Deletes the database; one that is not there is deleted already.
   * @throws BarkeepError `BUSY` when it is open, here or in another tab; `CANNOT_OPEN`, `ABORTED`, `IO`.
   */
  async delete(): Promise<void> {
    await this.#guarded(() => this.#takeLock());
    try {
      await this.#guarded(() => this._delete());
    } finally {
      await this.#lock.release();
    }
  }

  /**
   * What is left of a database that opens as `CORRUPT`, for a tool such as `sqlite3 .recover`: the
   * newest bytes that are there, whole or not; `undefined` where there are none. Reads only.
   * @throws BarkeepError `CANNOT_OPEN` or `IO`.
   */
  salvage(): Promise<Uint8Array | undefined> {
    return this.#guarded(() => this._salvage());
  }

  /** Reads the database, and makes ready to write it unless it is read-only. */
  protected abstract _load(): Promise<Uint8Array | undefined>;

  /** Called after `_load`, with the lock held. */
  protected abstract _save(bytes: Uint8Array): Promise<void>;

  /** Lets go of what `_load` took, also where that failed. */
  protected abstract _close(): Promise<void>;

  protected abstract _delete(): Promise<void>;

  protected abstract _salvage(): Promise<Uint8Array | undefined>;

  #takeLock(): Promise<void> {
    const { lockWaitMs, signal } = this.options;
    return this.#lock.take({ waitMs: lockWaitMs, signal });
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw browserFailure(error, this.name);
    }
  }
}
