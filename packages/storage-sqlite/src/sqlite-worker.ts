/** The thread that does the SQLite work of one connection: it answers requests in their order. */
import { parentPort } from 'node:worker_threads';
import { BarkeepError } from '@barkeep/core';
import { callsOf, type EngineCalls, serveEngine, type ThreadCalls } from '@barkeep/sqlite-engine';
import { OpenDatabase } from './open-database.ts';
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

let database: OpenDatabase | undefined;
let isWarm = false;

const calls: WorkerCalls = {
  ...callsOf(() => opened().engine),
  open: (options) => {
    database = OpenDatabase.open(options);
    return database.inode;
  },
  warmUp: () => {
    if (!isWarm) warmUp();
    isWarm = true;
  },
  assertKept: () => opened().assertKept(),
  close: () => {
    const closed = database;
    database = undefined;
    closed?.close();
  },
};

if (parentPort !== null) {
  serveEngine(
    parentPort,
    { ...calls, ...acknowledged(calls) },
    {
      whenIdle: () => database?.compactStep() === true,
      defer: setImmediate,
    },
  );
}

function acknowledged(all: ThreadCalls): ThreadCalls {
  return Object.fromEntries(
    CHANGING.map((name) => [
      name,
      (...parameters: never[]) => opened().change(() => all[name]?.(...parameters)),
    ]),
  );
}

function opened(): OpenDatabase {
  if (database === undefined) throw new BarkeepError('INTERNAL', 'the worker has no database open');
  return database;
}
