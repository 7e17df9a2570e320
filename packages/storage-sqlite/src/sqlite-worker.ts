/** The thread that does the SQLite work of one connection: it answers requests in their order. */
import { parentPort } from 'node:worker_threads';
import { callsOf, type EngineCalls, serveEngine, type ThreadCalls } from '@barkeep/sqlite-engine';
import { SharedDatabase } from './shared-database.ts';
import { warmUp } from './warm-up.ts';
import type { WorkerCalls } from './worker-protocol.ts';

/** What changes nothing; every other call is one that may. */
const READING: ReadonlySet<string> = new Set<keyof EngineCalls>([
  'readMany',
  'readUpTo',
  'readPart',
  'readColumns',
  'snapshots',
  'revisions',
  'list',
  'coverageOf',
  'getMetadata',
  'metadataKeys',
  'size',
  'readChanges',
  'checkIntegrity',
  'archiveFigures',
  'explain',
]);

const database = new SharedDatabase();
let isWarm = false;

const engineCalls = callsOf(() => database.opened.engine);

const calls: WorkerCalls = {
  ...engineCalls,
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
    { ...calls, ...acknowledged(engineCalls) },
    {
      whenIdle: () => database.compactStep(),
      defer: setImmediate,
    },
  );
}

/** The calls that may change something. */
function acknowledged(all: ThreadCalls): ThreadCalls {
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => !READING.has(name))
      .map(([name, call]) => [
        name,
        (...parameters: never[]) => database.change(() => call(...parameters)),
      ]),
  );
}
