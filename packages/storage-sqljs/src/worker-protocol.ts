import type { EngineCalls, SqliteEngineOptions } from '@barkeep/sqlite-engine';

export interface DatabaseOptions extends SqliteEngineOptions {
  /** The bytes of its file; `undefined` for a new one. */
  readonly bytes: Uint8Array | undefined;
}

/** What the main thread can ask a worker for: `open` first, then the engine's methods. */
export type WorkerCalls = EngineCalls & {
  open(options: DatabaseOptions): void;
  /** The whole database as the bytes of a file. */
  snapshot(): Uint8Array;
  close(): void;
};
