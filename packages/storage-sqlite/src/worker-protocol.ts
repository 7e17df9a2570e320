import type { EngineCalls, SqliteEngineOptions } from '@barkeep/sqlite-engine';
import type { BackupWorkerCalls } from './backup-worker.ts';
import type { BetterSqlite3Options } from './better-sqlite3-driver.ts';
import type { DatabasePlaceOptions } from './database-place.ts';

export interface ConnectionOptions
  extends BetterSqlite3Options,
    DatabasePlaceOptions,
    SqliteEngineOptions {}

/** A file that a connection has opened. */
export interface OpenedFile {
  /** Device and inode, as of `inodeOf`. */
  readonly inode: string | undefined;
  /** Whether the connection has it for itself: there can be no other. */
  readonly isAlone: boolean;
}

/** What the main thread can ask a worker for: `open` first, then the engine's methods. */
export type WorkerCalls = EngineCalls &
  BackupWorkerCalls & {
    /** Returns what further connections to the same file must know. */
    open(options: ConnectionOptions): OpenedFile;
    /** @throws BarkeepError `CANNOT_OPEN` when the file is not where it was opened any more. */
    assertKept(): void;
    /** Has code compiled that reads will run: once in a thread. */
    warmUp(): void;
    /** @throws BarkeepError `CANNOT_OPEN` when what was stored is not in the file of that name. */
    close(): void;
  };
