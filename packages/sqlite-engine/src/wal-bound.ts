import { readNumberPragma } from './pragma.ts';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { withBusyTimeout } from './with-busy-timeout.ts';

/** What a frame of the WAL has beside its page. */
const FRAME_HEADER = 24;
/** How much the write-ahead log of a database has, in bytes. */
export function walBytes(driver: SqliteDriver): number {
  const frames = Number(driver.prepare('PRAGMA wal_checkpoint(NOOP)').get([])?.[1] ?? 0);
  return Math.max(0, frames) * (readNumberPragma(driver, 'page_size') + FRAME_HEADER);
}

/** How long a write waits for readers to end: none begins that would have to be waited for. */
const PATIENCE_MS = 1_000;

/**
 * Keeps the WAL from growing without end. SQLite writes it from its beginning again only when nobody
 * reads from it, which never happens by itself while reads overlap without a pause. Past the bound a
 * writer waits until the reads under way have ended, and empties it; new reads take the database alone
 * meanwhile, and wait for nothing.
 */
export class WalBound {
  readonly #driver: SqliteDriver;
  readonly #mostBytes: number;
  readonly #frameBytes: number;
  readonly #look: SqliteStatement<readonly [busy: number, frames: number, checkpointed: number]>;
  #nextTryBytes: number;

  constructor(driver: SqliteDriver, mostBytes: number) {
    this.#driver = driver;
    this.#mostBytes = mostBytes;
    this.#nextTryBytes = mostBytes;
    this.#frameBytes = readNumberPragma(driver, 'page_size') + FRAME_HEADER;
    this.#look = driver.prepare('PRAGMA wal_checkpoint(NOOP)');
  }

  /** To be called after a commit. */
  keep(): void {
    const bytes = this.#bytes();
    if (bytes < this.#nextTryBytes) return;
    // Not with every write where a read does not end: each try costs that write its patience.
    const isEmpty = withBusyTimeout(this.#driver, PATIENCE_MS, () => this.#empty());
    this.#nextTryBytes = isEmpty ? this.#mostBytes : 2 * bytes;
  }

  /** Brings the whole WAL into the database and empties it; returns whether no connection kept it in use. */
  empty(): boolean {
    return this.#driver.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get([])?.[0] === 0;
  }

  #bytes(): number {
    try {
      return (this.#look.get([])?.[1] ?? 0) * this.#frameBytes;
    } catch (error) {
      // This connection has a snapshot open, as for a backup: the next commit looks again.
      if (sqliteFailure(error).code === 'BUSY') return 0;
      throw error;
    }
  }

  #empty(): boolean {
    try {
      return this.empty();
    } catch (error) {
      // The commit that came before stands: a disk without room for it is reported by `checkpoint`.
      if (['BUSY', 'DISK_FULL', 'IO'].includes(sqliteFailure(error).code)) return false;
      throw error;
    }
  }
}
