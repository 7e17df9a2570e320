import type { BarkeepError } from '@barkeep/core';
import { ThreadClient } from '@barkeep/sqlite-engine';
import { sqliteThreads } from './sqlite-threads.ts';
import type { WorkerCalls } from './worker-protocol.ts';

/** One better-sqlite3 connection in a worker thread, seen from the main thread. */
export class WorkerClient extends ThreadClient<WorkerCalls> {
  constructor(onFailure: (error: BarkeepError) => void) {
    super(sqliteThreads, onFailure);
  }
}
