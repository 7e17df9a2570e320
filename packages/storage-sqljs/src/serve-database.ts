import { BarkeepError } from '@barkeep/core';
import {
  assertNothingStored,
  type BackupRecord,
  type BackupSteps,
  callsOf,
  changingCalls,
  type EnginePort,
  SlicedWork,
  SqliteEngine,
  serveEngine,
  type ThreadCalls,
} from '@barkeep/sqlite-engine';
import type { SqlJsStatic } from 'sql.js';
import { createImage, restoreImage, verifyImage } from './image-backup.ts';
import { SqlJsDriver } from './sqljs-driver.ts';
import type {
  DatabaseOptions,
  ImageJobs,
  ImageRequest,
  ImageResult,
  WorkerCalls,
} from './worker-protocol.ts';

interface OpenDatabase {
  readonly options: Omit<DatabaseOptions, 'bytes'>;
  readonly driver: SqlJsDriver;
  readonly engine: SqliteEngine;
}

export interface ServeDatabaseOptions {
  /** What else the platform's threads do; `snapshot` gives the open database as the bytes of a file. */
  readonly otherCalls?: (snapshot: () => Uint8Array) => ThreadCalls;
  /** Runs when the bytes have turned out to be a database of Barkeep; may throw. */
  readonly afterOpen?: () => void;
  /** Runs after whatever may have changed the database, before it is acknowledged; may throw. */
  readonly afterChange?: () => void;
  /** As of `serveEngine`. */
  readonly defer: (callback: () => void) => void;
}

/** Runs one database at a time for whoever is at the other end of the port. */
export function serveDatabase(
  port: EnginePort,
  sql: SqlJsStatic,
  { otherCalls, afterOpen, afterChange, defer }: ServeDatabaseOptions,
): void {
  let database: OpenDatabase | undefined;
  const opened = (): OpenDatabase => {
    if (database !== undefined) return database;
    throw new BarkeepError('INTERNAL', 'the worker has no database open');
  };
  const snapshot = (): Uint8Array => opened().driver.snapshot();
  const stepsOf = (request: ImageRequest): BackupSteps<ImageResult> => {
    if (request.kind === 'create') return createImage(sql, snapshot(), request.job);
    if (request.kind === 'verify') return verifyImage(sql, request.job.bytes);
    return restore(request.job);
  };
  const restore = function* ({
    bytes,
    overwrite,
  }: Parameters<ImageJobs['restore']>[0]): BackupSteps<BackupRecord> {
    const { driver, record } = yield* restoreImage(sql, bytes);
    const before = opened();
    try {
      if (!overwrite) assertNothingStored(before.driver);
      database = { ...before, driver, engine: SqliteEngine.open(driver, before.options) };
    } catch (error) {
      driver.close();
      throw error;
    }
    before.engine.close();
    afterChange?.();
    return record;
  };
  const engineCalls = callsOf(() => opened().engine);
  const acknowledged = changingCalls(engineCalls, (work) => {
    const done = work();
    afterChange?.();
    return done;
  });
  const work = new SlicedWork<ImageResult>();
  const calls: WorkerCalls = {
    ...engineCalls,
    beginBackup: (request) => work.begin(stepsOf(request)),
    continueBackup: (forMs) => work.continue(forMs),
    endBackup: () => work.end(),
    open: (options) => {
      database = open(sql, options);
      afterOpen?.();
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
    return { driver, options, engine: SqliteEngine.open(driver, options) };
  } catch (error) {
    driver.close();
    throw error;
  }
}
