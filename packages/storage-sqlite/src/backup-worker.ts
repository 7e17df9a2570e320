import { BarkeepError, fileFailure, systemCode } from '@barkeep/core';
import {
  type BackupRecord,
  type BackupSteps,
  type SqliteEngine,
  sqliteFailure,
} from '@barkeep/sqlite-engine';
import type { BackupProgress, PruneReport } from '@barkeep/storage';
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

export type BackupStep =
  | { readonly isDone: false; readonly progress: BackupProgress }
  | { readonly isDone: true; readonly result: BackupResult | undefined };

export type BackupWorkerCalls = {
  beginBackup(request: BackupRequest): void;
  /** Goes on for so many milliseconds, or to the end. */
  continueBackup(forMs: number): BackupStep;
  /** Cleans up, whether it has come to its end or not. */
  endBackup(): void;
};

/** One job at a time, which goes on when it is asked to. */
export function backupWorker(engine: () => SqliteEngine): BackupWorkerCalls {
  let steps: BackupSteps<BackupResult | undefined> | undefined;
  return {
    beginBackup: (request) => {
      steps = stepsOf(request, engine);
    },
    continueBackup: (forMs) => {
      if (steps === undefined) throw new BarkeepError('INTERNAL', 'no backup is under way');
      const end = performance.now() + forMs;
      try {
        for (;;) {
          const step = steps.next();
          if (step.done === true) return { isDone: true, result: step.value };
          if (performance.now() >= end) return { isDone: false, progress: step.value };
        }
      } catch (error) {
        throw failureOf(error);
      }
    },
    endBackup: () => {
      const ended = steps;
      steps = undefined;
      ended?.return(undefined);
    },
  };
}

function stepsOf(request: BackupRequest, engine: () => SqliteEngine): BackupSteps<BackupResult> {
  switch (request.kind) {
    case 'create':
      return createBackup(request.job, (target) => engine().copyTo(target));
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
