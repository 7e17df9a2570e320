import * as fs from 'node:fs';
import { BarkeepError, invalidInput } from '@barkeep/core';
import { inodeOf, sqliteFailure } from '@barkeep/sqlite-engine';
import { BetterSqlite3Driver } from './better-sqlite3-driver.ts';
import type { PartialFile } from './partial-file.ts';

const LOGS = ['-wal', '-shm', '-journal'] as const;
/** Where Linux lists who holds which lock. */
const LOCKS = '/proc/locks';

/**
 * The place that a file is to take: free, or that of a database which nobody has open. That this process
 * has not is for the caller to see to.
 */
export class ReplaceableDatabase {
  readonly #path: string;
  readonly #mayReplace: boolean;

  /** `path`: the real one. */
  constructor(path: string, mayReplace: boolean) {
    this.#path = path;
    this.#mayReplace = mayReplace;
  }

  /** The mode of the file that is there. */
  get mode(): number | undefined {
    return fs.statSync(this.#path, { throwIfNoEntry: false })?.mode;
  }

  /**
   * Fails now if `fill` would fail: copying takes long.
   * @throws BarkeepError `INVALID_INPUT`, `CANNOT_OPEN`, `BUSY`.
   */
  assertFree(): void {
    if (!this.#isThere) return;
    if (!this.#mayReplace) throw this.#isTaken();
    this.#alone()?.close();
  }

  /**
   * Puts a database there. Nothing that belonged to another one is left beside it: SQLite would apply it.
   * @throws BarkeepError `INVALID_INPUT`, `BUSY`; Error of the file system.
   */
  fill(file: PartialFile): void {
    if (!this.#isThere) {
      file.publish(this.#path);
      return;
    }
    if (!this.#mayReplace) throw this.#isTaken();
    const alone = this.#alone();
    try {
      this.#removeLogs();
      file.replace(this.#path);
    } finally {
      alone?.close();
    }
  }

  get #isThere(): boolean {
    const found = fs.statSync(this.#path, { throwIfNoEntry: false });
    if (found !== undefined && !found.isFile()) {
      throw new BarkeepError('CANNOT_OPEN', `${this.#path} is not a file`, {
        details: { path: this.#path },
      });
    }
    return found !== undefined || LOGS.some((log) => fs.existsSync(`${this.#path}${log}`));
  }

  /**
   * A connection that has the database for itself, with all that its logs hold in the file, so that the
   * logs can go. `undefined` where there is nothing that can be opened.
   */
  #alone(): BetterSqlite3Driver | undefined {
    const path = this.#path;
    if (!fs.existsSync(path)) return undefined;
    const driver = new BetterSqlite3Driver({
      path,
      busyTimeoutMs: 0,
      mayCreate: false,
      isAlone: true,
    });
    try {
      driver.exec('BEGIN EXCLUSIVE; COMMIT');
      driver.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
      return driver;
    } catch (error) {
      driver.close();
      const { code, message } = sqliteFailure(error);
      if (code === 'BUSY') throw this.#isOpen(error);
      // What is beyond reading is what backups are for. Its locks are not SQLite's to tell then.
      if (!['CORRUPT', 'NOT_A_DATABASE', 'INTERNAL'].includes(code)) throw error;
      if (isLocked(path)) throw this.#isOpen(message);
      return undefined;
    }
  }

  #removeLogs(): void {
    for (const log of LOGS) fs.rmSync(`${this.#path}${log}`, { force: true });
  }

  #isTaken(): BarkeepError {
    const rule =
      'must not exist, neither as a file nor with a log beside it, unless overwrite is true';
    return invalidInput({ field: 'to', rule, value: this.#path });
  }

  #isOpen(cause: unknown): BarkeepError {
    return new BarkeepError('BUSY', `${this.#path} is open in another process`, {
      cause,
      details: { path: this.#path },
    });
  }
}

/** Whether anybody holds a lock on a file, where the system tells. */
function isLocked(path: string): boolean {
  const inode = inodeOf(path, fs)?.split(':')[1];
  if (inode === undefined || !fs.existsSync(LOCKS)) return false;
  return fs
    .readFileSync(LOCKS, 'utf8')
    .split('\n')
    .some((line) => line.includes(`:${inode} `));
}
