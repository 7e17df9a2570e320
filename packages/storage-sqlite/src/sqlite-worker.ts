/** The thread that does the SQLite work of one connection: it answers requests in their order. */
import { parentPort } from 'node:worker_threads';
import { callsOf, changingCalls, serveEngine } from '@barkeep/sqlite-engine';
import { backupWorker } from './backup-worker.ts';
import { SharedDatabase } from './shared-database.ts';
import { warmUp } from './warm-up.ts';
import type { WorkerCalls } from './worker-protocol.ts';

const database = new SharedDatabase();
let isWarm = false;

const engineCalls = callsOf(() => database.opened.engine);

const calls: WorkerCalls = {
  ...engineCalls,
  ...backupWorker(() => database.opened.engine),
  readChanges: () => database.readChanges(),
  open: (options) => database.open(options),
  warmUp: () => {
    if (!isWarm) warmUp();
    isWarm = true;
  },
  assertKept: () => database.opened.assertKept(),
  close: () => database.close(),
};

if (parentPort !== null) {
  serveEngine(
    parentPort,
    { ...calls, ...changingCalls(engineCalls, (work) => database.change(work)) },
    {
      whenIdle: () => database.compactStep(),
      defer: setImmediate,
    },
  );
}
