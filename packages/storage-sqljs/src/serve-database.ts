import { BarkeepError } from '@barkeep/core';
import {
  callsOf,
  changingCalls,
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
  /** Runs after whatever may have changed the database, before it is acknowledged; may throw. */
  readonly afterChange?: () => void;
  /** As of `serveEngine`. */
  readonly defer: (callback: () => void) => void;
}

/** Runs one database at a time for whoever is at the other end of the port. */
export function serveDatabase(
  port: EnginePort,
  sql: SqlJsStatic,
  { otherCalls, afterChange, defer }: ServeDatabaseOptions,
): void {
  let database: OpenDatabase | undefined;
  const opened = (): OpenDatabase => {
    if (database !== undefined) return database;
    throw new BarkeepError('INTERNAL', 'the worker has no database open');
  };
  const snapshot = (): Uint8Array => opened().driver.snapshot();
  const engineCalls = callsOf(() => opened().engine);
  const acknowledged = changingCalls(engineCalls, (work) => {
    const done = work();
    afterChange?.();
    return done;
  });
  const calls: WorkerCalls = {
    ...engineCalls,
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
  const all = { ...calls, ...acknowledged, ...otherCalls?.(snapshot) };
  serveEngine(port, all, { whenIdle, defer });
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
