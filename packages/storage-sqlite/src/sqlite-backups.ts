import * as fs from 'node:fs';
import * as paths from 'node:path';
import { BarkeepError, fileFailure, systemClock } from '@barkeep/core';
import {
  type DatabaseLocation,
  descriptionOf,
  locateDatabase,
  OpenDatabaseFiles,
} from '@barkeep/sqlite-engine';
import {
  type BackupCall,
  type BackupSource,
  backupCalls,
  type CheckedPrune,
  type CheckedRestore,
  type IStorageBackup,
  type PruneReport,
  type RestoredBackup,
  type VerifiedBackup,
} from '@barkeep/storage';
import type { BackupJobs, BackupRequestOf } from './backup-worker.ts';
import { databasePath } from './database-path.ts';
import { processToken } from './process-token.ts';
import { runBackup } from './run-backup.ts';
import { WorkerClient } from './worker-client.ts';

/** What can be done with backups while no database is open. */
export type SqliteBackups = Pick<IStorageBackup, 'verify' | 'restore' | 'prune'>;

/**
 * `verify`, `restore` and `prune` of `storage.backup`, for when there is no storage: the database that is to
 * be restored is lost, or cannot be opened.
 *
 * @example
 * await sqliteBackups.restore({ from: './backup.sqlite3', to: './market_data.sqlite3' });
 */
export const sqliteBackups: SqliteBackups = withoutCreate(
  backupCalls({
    clock: systemClock,
    media: () => ['file'],
    work: {
      create: () => Promise.reject(new BarkeepError('UNSUPPORTED', 'a backup needs a storage')),
      verify: verifyBackup,
      restore: restoreBackup,
      prune: pruneBackups,
    },
    run: (_, work) => work(),
    replace: (work) => work(),
  }),
);

export async function verifyBackup(from: BackupSource, call: BackupCall): Promise<VerifiedBackup> {
  const job = { from: filePath(from) };
  const { record, problems, bytes } = await inThread({ kind: 'verify', job }, call);
  return { backup: record && descriptionOf(record), problems, bytes };
}

export function restoreBackup({
  from,
  to,
  overwrite,
  ...call
}: CheckedRestore): Promise<RestoredBackup> {
  return holding(to, async (path) => {
    const job = { from: filePath(from), to: path, overwrite, process: processToken() };
    const record = await inThread({ kind: 'restore', job }, call);
    return { ...descriptionOf(record), path: databasePath(to) };
  });
}

export function pruneBackups({ signal, directory, keep }: CheckedPrune): Promise<PruneReport> {
  const job = { directory: paths.resolve(directory), keep };
  return inThread({ kind: 'prune', job }, { signal, report: () => undefined });
}

/**
 * Runs work on a path that nobody in this process has open, nor can open meanwhile; it is given the real
 * path. @throws BarkeepError `BUSY`, `INVALID_INPUT`.
 */
export async function holding<T>(
  to: string | undefined,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const location = locate(databasePath(to));
  OpenDatabaseFiles.add(location, 'exclusive');
  try {
    return await work(location.path);
  } finally {
    OpenDatabaseFiles.release(location);
  }
}

async function inThread<K extends keyof BackupJobs>(
  request: BackupRequestOf<K>,
  call: BackupCall,
): Promise<ReturnType<BackupJobs[K]>> {
  const thread = new WorkerClient(() => undefined);
  try {
    return await runBackup(thread, request, call);
  } finally {
    await thread.close();
  }
}

function filePath(from: BackupSource): string {
  return databasePath(from);
}

function locate(path: string): DatabaseLocation {
  try {
    return locateDatabase(path, { fs, path: paths });
  } catch (error) {
    throw fileFailure(error, path, 'CANNOT_OPEN');
  }
}

function withoutCreate({ verify, restore, prune }: IStorageBackup): SqliteBackups {
  return Object.freeze({ verify, restore, prune });
}
