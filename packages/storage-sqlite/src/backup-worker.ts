import { BarkeepError, fileFailure, systemCode } from '@barkeep/core';
import {
  type BackupRecord,
  type BackupSteps,
  type Slice,
  SlicedWork,
  type SqliteEngine,
  sqliteFailure,
} from '@barkeep/sqlite-engine';
import type { PruneReport } from '@barkeep/storage';
import {
  type CreatedFile,
  type CreateJob,
  createBackup,
  type RestoreJob,
  restoreBackup,
  type VerifiedFile,
  verifyBackupFile,
} from './backup-jobs.ts';
import { type PruneJob, pruneBackups } from './prune-backups.ts';

/** What can be asked of a thread, and what comes of it. */
export interface BackupJobs {
  create(job: CreateJob): CreatedFile;
  verify(job: { readonly from: string }): VerifiedFile;
  restore(job: RestoreJob): BackupRecord;
  prune(job: PruneJob): PruneReport;
}

export interface BackupRequestOf<K extends keyof BackupJobs> {
  readonly kind: K;
  readonly job: Parameters<BackupJobs[K]>[0];
}

export type BackupRequest = {
  readonly [K in keyof BackupJobs]: BackupRequestOf<K>;
}[keyof BackupJobs];

type BackupResult = ReturnType<BackupJobs[keyof BackupJobs]>;

export type BackupWorkerCalls = {
  beginBackup(request: BackupRequest): void;
  /** Goes on for so many milliseconds, or to the end. */
  continueBackup(forMs: number): Slice<BackupResult>;
  /** Cleans up, whether it has come to its end or not. */
  endBackup(): void;
};

/** The thread's side of the calls; `engine` is that of the database that is open. */
export function backupWorker(engine: () => SqliteEngine): BackupWorkerCalls {
  const work = new SlicedWork<BackupResult>();
  return {
    beginBackup: (request) => work.begin(stepsOf(request, engine)),
    continueBackup: (forMs) => {
      try {
        return work.continue(forMs);
      } catch (error) {
        throw failureOf(error);
      }
    },
    endBackup: () => work.end(),
  };
}

function stepsOf(request: BackupRequest, engine: () => SqliteEngine): BackupSteps<BackupResult> {
  switch (request.kind) {
    case 'create':
      return createBackup(request.job, (target, since) => engine().copyTo(target, since));
    case 'verify':
      return verifyBackupFile(request.job.from);
    case 'restore':
      return restoreBackup(request.job);
    case 'prune':
      return pruneBackups(request.job);
  }
}

/** SQLite's failures have codes of SQLite's, all others are the file system's. */
function failureOf(error: unknown): BarkeepError {
  const code = systemCode(error);
  const isOfSystem = code !== undefined && !BarkeepError.is(error) && !code.startsWith('SQLITE');
  return isOfSystem ? fileFailure(error, pathOf(error)) : sqliteFailure(error);
}

function pathOf(error: unknown): string {
  return error instanceof Error && 'path' in error ? String(error.path) : 'a file of the backup';
}
