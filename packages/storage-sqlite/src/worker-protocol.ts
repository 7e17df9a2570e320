import type { EngineCalls, SqliteEngineOptions } from '@barkeep/sqlite-engine';
import type { BetterSqlite3Options } from './better-sqlite3-driver.ts';
import type { DatabasePlaceOptions } from './database-place.ts';

export interface ConnectionOptions
  extends BetterSqlite3Options,
    DatabasePlaceOptions,
    SqliteEngineOptions {}

/** What the main thread can ask a worker for: `open` first, then the engine's methods. */
export type WorkerCalls = EngineCalls & {
  /** Returns the device and inode of the file, as of `inodeOf`. */
  open(options: ConnectionOptions): string | undefined;
  /** @throws BarkeepError `CANNOT_OPEN` when the file is not where it was opened any more. */
  assertKept(): void;
  /** Has code compiled that reads will run: once in a thread. */
  warmUp(): void;
  /** @throws BarkeepError `CANNOT_OPEN` when what was stored is not in the file of that name. */
  close(): void;
};
