import { existsSync, rmSync, statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { nodeSqlite } from './node-sqlite.ts';
import { sqliteFileFailure } from './sqlite-file-failure.ts';
import { untilFree } from './until-free.ts';

/** As long as the page of a browser waits. */
const PATIENCE_TO_OPEN_MS = 1_000;
/** As long as storage-sqlite waits: at closing, what cannot be saved is lost. */
const PATIENCE_TO_SAVE_MS = 5_000;
/** Has more rows than anybody asks for, whatever is in the database. */
const UNFINISHED = 'SELECT 1 FROM sqlite_schema UNION ALL SELECT 2 UNION ALL SELECT 3';

/** A read that has begun and never ends. The statement is kept because rows alone do not keep it alive. */
interface Reading {
  readonly statement: StatementSync;
  readonly rows: Iterator<unknown>;
}

/**
 * SQLite's own lock on a database file, held by a connection that has nothing to write itself. Other
 * connections can read meanwhile; they get `SQLITE_BUSY` when they would write, or turn on a
 * write-ahead log.
 */
export class FileLock {
  /** Whether the database has nothing in it, as when it has just been made. */
  readonly isEmpty: boolean;
  readonly path: string;
  readonly #database: DatabaseSync;
  /** Keeps all others from committing, also between two transactions of this connection. */
  #reading: Reading | undefined;
  #isInTransaction = false;
  #isHeld = true;

  /** Leaves the connection to the caller when it throws. */
  private constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.#database = database;
    // The first transaction undoes what a killed writer left half done, and gives a new file its first
    // page. Exclusive, because a log that is shared is mapped into memory, and a full disk then ends
    // the process. The checkpoint makes the file whole by itself.
    database.exec(`
      PRAGMA busy_timeout = 0;
      PRAGMA locking_mode = EXCLUSIVE;
      BEGIN EXCLUSIVE;
      COMMIT;
      PRAGMA wal_checkpoint(TRUNCATE);
    `);
    this.isEmpty = [
      'SELECT count(*) FROM sqlite_schema',
      'PRAGMA user_version',
      'PRAGMA application_id',
    ].every((sql) => read(database, sql) === 0);
  }

  /**
   * Takes the lock of the database file at a real path, and makes the file where there is none,
   * unless there is no room. Waits a second for the lock.
   * @throws BarkeepError `BUSY` while another connection holds a lock or has a write-ahead log in use;
   * `NOT_A_DATABASE`, `CORRUPT`, `DISK_FULL`, `READ_ONLY`, `CANNOT_OPEN`, `IO`, `INCOMPATIBLE`.
   */
  static async take(path: string): Promise<FileLock> {
    const { DatabaseSync } = nodeSqlite();
    return untilFree(path, PATIENCE_TO_OPEN_MS, () => {
      const isNew = !existsSync(path);
      const database = new DatabaseSync(path);
      try {
        return new FileLock(path, database);
      } catch (error) {
        database.close();
        const isEmpty = statSync(path, { throwIfNoEntry: false })?.size === 0;
        // Where there is no room, nobody else can have begun to fill it either.
        if (isNew && isEmpty && sqliteFileFailure(error, path).code === 'DISK_FULL') rmSync(path);
        throw error;
      }
    });
  }

  /** Whether it can be used: until `release`, or work that failed. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether `settle` has been called. Before, nobody else can even read. */
  get isSettled(): boolean {
    return this.#reading !== undefined;
  }

  /**
   * Ends the use of a write-ahead log, which changes the file, lets others read, and removes what killed
   * processes have left beside it.
   * @throws BarkeepError `DISK_FULL`, `READ_ONLY`, `IO`: everything is as before.
   */
  settle(): void {
    try {
      this.#database.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL');
      const statement = this.#database.prepare(UNFINISHED);
      const rows = statement.iterate();
      rows.next();
      this.#reading = { statement, rows };
      this.#reserve();
      for (const suffix of ['-journal', '-shm']) rmSync(`${this.path}${suffix}`, { force: true });
    } catch (error) {
      throw sqliteFileFailure(error, this.path);
    }
  }

  /**
   * Runs work while others cannot even read. Waits five seconds for those who do. When the work fails, the
   * lock is released: whatever opens the file next puts it right.
   * @throws BarkeepError `BUSY` while somebody reads; whatever the work throws.
   */
  async exclusively(work: () => Promise<void>): Promise<void> {
    // Every lock is asked for anew: whoever opens and closes the file in this process has dropped them.
    this.#end();
    try {
      await untilFree(this.path, PATIENCE_TO_SAVE_MS, () => this.#begin('EXCLUSIVE'));
    } catch (error) {
      this.#reserve();
      throw error;
    }
    try {
      await work();
    } catch (error) {
      this.release();
      throw error;
    }
    this.#end();
    this.#reserve();
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#reading?.rows.return?.();
    this.#database.close();
  }

  #reserve(): void {
    try {
      this.#begin('IMMEDIATE');
      // A transaction that could not begin has shut readers out; one that ends lets them in.
      this.#end();
      this.#begin('IMMEDIATE');
    } catch (error) {
      // Somebody is waiting to write, which the unfinished read keeps them from.
      if (sqliteFileFailure(error, this.path).code !== 'BUSY') throw error;
    }
  }

  #begin(kind: 'IMMEDIATE' | 'EXCLUSIVE'): void {
    this.#database.exec(`BEGIN ${kind}`);
    this.#isInTransaction = true;
  }

  #end(): void {
    if (this.#isInTransaction) this.#database.exec('ROLLBACK');
    this.#isInTransaction = false;
  }
}

function read(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}
