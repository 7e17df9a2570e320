import type { BarkeepError } from '@barkeep/core';
import { SqliteEngine, sqliteFailure } from '@barkeep/sqlite-engine';
import { assertWhole } from './assert-whole.ts';
import { BetterSqlite3Driver } from './better-sqlite3-driver.ts';
import { DatabasePlace } from './database-place.ts';
import type { ConnectionOptions } from './worker-protocol.ts';

const RETRY_MS = 5;
/** Waiting on it only ends by timeout. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** One connection to a database file, which acknowledges changes only while that is in its place. */
export class OpenDatabase {
  readonly engine: SqliteEngine;
  readonly #place: DatabasePlace;
  readonly #isWriter: boolean;
  #isDisplaced = false;

  /** Whether this connection has the file for itself. */
  readonly isAlone: boolean;

  private constructor(options: ConnectionOptions) {
    const { path, busyTimeoutMs, name, inode, isAlone = false, ...engineOptions } = options;
    this.#isWriter = options.access === 'read-write';
    this.isAlone = isAlone;
    // Nobody makes a database in place of one that is known.
    const mayCreate = this.#isWriter && inode === undefined;
    const driver = new BetterSqlite3Driver({ path, busyTimeoutMs, mayCreate, isAlone });
    try {
      assertWhole(driver, path);
      this.engine = SqliteEngine.open(driver, engineOptions);
      this.#place = new DatabasePlace({ path, name, inode }, () => this.engine.emptyWal());
    } catch (error) {
      driver.close();
      throw error;
    }
  }

  /**
   * Where the disk is too full for the file through which connections share the index of the WAL, this
   * one takes the database for itself: what is stored can be read all the same.
   *
   * @throws BarkeepError as `SqliteEngine.open`; `CANNOT_OPEN` when it is not the file that was meant.
   */
  static open(options: ConnectionOptions): OpenDatabase {
    const deadline = performance.now() + options.busyTimeoutMs;
    for (;;) {
      try {
        return new OpenDatabase(options);
      } catch (error) {
        const { code, details } = sqliteFailure(error);
        // While another connection makes the database, SQLite refuses at once, however long it may wait.
        if (code === 'BUSY' && performance.now() < deadline) {
          Atomics.wait(NEVER, 0, 0, RETRY_MS);
          continue;
        }
        const mayBeAlone = options.access === 'read-write' && options.isAlone !== true;
        if (details['sqlite'] !== 'SQLITE_IOERR_SHMSIZE' || !mayBeAlone) throw error;
        return new OpenDatabase({ ...options, isAlone: true });
      }
    }
  }

  /** Device and inode of the file. */
  get inode(): string | undefined {
    return this.#place.inode;
  }

  /** Does what changes something. @throws BarkeepError `CANNOT_OPEN` when the change would be lost. */
  change<T>(work: () => T): T {
    // One change may have been made when the file was gone already; no other is.
    if (this.#isDisplaced) this.assertKept();
    const result = work();
    this.assertKept();
    return result;
  }

  /** Compacts a little; returns whether there is more. */
  compactStep(): boolean {
    return !this.#isDisplaced && this.engine.compactStep();
  }

  /** @throws BarkeepError `CANNOT_OPEN` when the file is not where it was opened any more. */
  assertKept(): void {
    this.#isDisplaced = true;
    this.#place.assertKept();
    this.#isDisplaced = false;
  }

  /** @throws BarkeepError `CANNOT_OPEN` when what was stored is not in the file of that name. */
  close(): void {
    const failure = this.#isWriter ? this.#displacement() : undefined;
    this.engine.close();
    if (failure !== undefined && failure.details['isSaved'] !== true) throw failure;
    if (this.#isWriter) this.#place.assertMain();
  }

  #displacement(): BarkeepError | undefined {
    try {
      this.#place.assertKept();
      return undefined;
    } catch (error) {
      return sqliteFailure(error);
    }
  }
}
