/** The thread that runs one database: it answers requests in their order. */
import { parentPort } from 'node:worker_threads';
import { BarkeepError } from '@barkeep/core';
import { callsOf, SqliteEngine, serveEngine } from '@barkeep/sqlite-engine';
import initSqlJs from 'sql.js';
import { SqlJsDriver } from './sqljs-driver.ts';
import type { DatabaseOptions, WorkerCalls } from './worker-protocol.ts';

interface OpenDatabase {
  readonly driver: SqlJsDriver;
  readonly engine: SqliteEngine;
}

const sql = await initSqlJs();
let database: OpenDatabase | undefined;

const calls: WorkerCalls = {
  ...callsOf(() => opened().engine),
  open: (options) => {
    database = open(options);
  },
  snapshot: () => opened().driver.snapshot(),
  close: () => {
    database?.engine.close();
    database = undefined;
  },
};

if (parentPort !== null) {
  serveEngine(parentPort, calls, {
    whenIdle: () => database?.engine.compactStep() === true,
    defer: setImmediate,
  });
}

function open({ bytes, ...options }: DatabaseOptions): OpenDatabase {
  const driver = new SqlJsDriver(sql, bytes);
  try {
    return { driver, engine: SqliteEngine.open(driver, { ...options, access: 'read-write' }) };
  } catch (error) {
    driver.close();
    throw error;
  }
}

function opened(): OpenDatabase {
  if (database === undefined) throw new BarkeepError('INTERNAL', 'the worker has no database open');
  return database;
}
