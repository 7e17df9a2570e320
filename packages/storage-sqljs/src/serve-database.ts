import { BarkeepError } from '@barkeep/core';
import {
  callsOf,
  type EnginePort,
  SqliteEngine,
  serveEngine,
  type ThreadCalls,
} from '@barkeep/sqlite-engine';
import type { SqlJsStatic } from 'sql.js';
import { SqlJsDriver } from './sqljs-driver.ts';
import type { DatabaseOptions, WorkerCalls } from './worker-protocol.ts';

interface OpenDatabase {
  readonly driver: SqlJsDriver;
  readonly engine: SqliteEngine;
}

export interface ServeDatabaseOptions {
  /** What else the platform's threads do; `snapshot` gives the open database as the bytes of a file. */
  readonly otherCalls?: (snapshot: () => Uint8Array) => ThreadCalls;
  /** As of `serveEngine`. */
  readonly defer: (callback: () => void) => void;
}

/** Runs one database at a time for whoever is at the other end of the port. */
export function serveDatabase(
  port: EnginePort,
  sql: SqlJsStatic,
  { otherCalls, defer }: ServeDatabaseOptions,
): void {
  let database: OpenDatabase | undefined;
  const opened = (): OpenDatabase => {
    if (database !== undefined) return database;
    throw new BarkeepError('INTERNAL', 'the worker has no database open');
  };
  const snapshot = (): Uint8Array => opened().driver.snapshot();
  const calls: WorkerCalls = {
    ...callsOf(() => opened().engine),
    open: (options) => {
      database = open(sql, options);
    },
    snapshot,
    close: () => {
      database?.engine.close();
      database = undefined;
    },
  };
  const whenIdle = (): boolean => database?.engine.compactStep() === true;
  serveEngine(port, { ...calls, ...otherCalls?.(snapshot) }, { whenIdle, defer });
}

function open(sql: SqlJsStatic, { bytes, ...options }: DatabaseOptions): OpenDatabase {
  const driver = new SqlJsDriver(sql, bytes);
  try {
    return { driver, engine: SqliteEngine.open(driver, options) };
  } catch (error) {
    driver.close();
    throw error;
  }
}
