/** The thread that does the SQLite work of one connection: it answers requests in their order. */
import { parentPort } from 'node:worker_threads';
import { callsOf, type EngineCalls, serveEngine, type ThreadCalls } from '@barkeep/sqlite-engine';
import { SharedDatabase } from './shared-database.ts';
import { warmUp } from './warm-up.ts';
import type { WorkerCalls } from './worker-protocol.ts';

/** What changes the database. */
const CHANGING = [
  'write',
  'remove',
  'announce',
  'addCoverage',
  'removeCoverage',
  'setMetadata',
  'deleteMetadata',
  'quarantine',
  'compactSeries',
  'checkpoint',
] as const satisfies readonly (keyof EngineCalls)[];

const database = new SharedDatabase();
let isWarm = false;

const calls: WorkerCalls = {
  ...callsOf(() => database.opened.engine),
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
    { ...calls, ...acknowledged(calls) },
    {
      whenIdle: () => database.compactStep(),
      defer: setImmediate,
    },
  );
}

function acknowledged(all: ThreadCalls): ThreadCalls {
  return Object.fromEntries(
    CHANGING.map((name) => [
      name,
      (...parameters: never[]) => database.change(() => all[name]?.(...parameters)),
    ]),
  );
}
