/** The thread that does the SQLite work of one connection: it answers requests in their order. */
import { parentPort } from 'node:worker_threads';
import { BarkeepError } from '@barkeep/core';
import { callsOf, SqliteEngine, serveEngine } from '@barkeep/sqlite-engine';
import { assertWhole } from './assert-whole.ts';
import { BetterSqlite3Driver } from './better-sqlite3-driver.ts';
import { warmUp } from './warm-up.ts';
import type { ConnectionOptions, WorkerCalls } from './worker-protocol.ts';

let engine: SqliteEngine | undefined;
let isWarm = false;

const calls: WorkerCalls = {
  ...callsOf(opened),
  open: (options) => {
    engine = open(options);
  },
  warmUp: () => {
    if (!isWarm) warmUp();
    isWarm = true;
  },
  close: () => {
    engine?.close();
    engine = undefined;
  },
};

if (parentPort !== null) {
  serveEngine(parentPort, calls, {
    whenIdle: () => engine?.compactStep() === true,
    defer: setImmediate,
  });
}

function open({ path, busyTimeoutMs, ...options }: ConnectionOptions): SqliteEngine {
  const driver = new BetterSqlite3Driver({ path, busyTimeoutMs });
  try {
    assertWhole(driver, path);
    return SqliteEngine.open(driver, options);
  } catch (error) {
    driver.close();
    throw error;
  }
}

function opened(): SqliteEngine {
  if (engine === undefined) throw new BarkeepError('INTERNAL', 'the worker has no database open');
  return engine;
}
