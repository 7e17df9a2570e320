import type { EngineCalls, SqliteEngineOptions } from '@barkeep/sqlite-engine';
import type { BetterSqlite3Options } from './better-sqlite3-driver.ts';

export interface ConnectionOptions extends BetterSqlite3Options, SqliteEngineOptions {}

/** What the main thread can ask a worker for: `open` first, then the engine's methods. */
export type WorkerCalls = EngineCalls & {
  open(options: ConnectionOptions): void;
  /** Has code compiled that reads will run: once in a thread. */
  warmUp(): void;
  close(): void;
};
