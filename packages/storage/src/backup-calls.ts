import {
  abortedError,
  BarkeepError,
  type CallOptions,
  type Clock,
  ListenerSet,
  monotonicTime,
  throwIfAborted,
} from '@barkeep/core';
import {
  type BackupCall,
  type CheckedBackup,
  type CheckedPrune,
  type CheckedRestore,
  checkBackup,
  checkPrune,
  checkRestore,
  checkSource,
} from './checked-backup.ts';
import type {
  BackupMedium,
  BackupOptions,
  BackupProgress,
  BackupReport,
  BackupSource,
  BackupVerification,
  IStorageBackup,
  PruneOptions,
  PruneReport,
  RestoreOptions,
  RestoreReport,
} from './storage-backup.ts';

export type CreatedBackup = Omit<BackupReport, 'tookMs' | 'incremental'>;
export type VerifiedBackup = Omit<BackupVerification, 'tookMs' | 'ok'>;
export type RestoredBackup = Omit<RestoreReport, 'tookMs'>;

/** The adapter's part of each backup call. Arguments are validated. */
export interface BackupWork {
  create(backup: CheckedBackup): Promise<CreatedBackup>;
  verify(from: BackupSource, call: BackupCall): Promise<VerifiedBackup>;
  restore(restore: CheckedRestore): Promise<RestoredBackup>;
  prune(prune: CheckedPrune): Promise<PruneReport>;
}

export interface BackupCallsOptions {
  readonly clock: Clock;
  readonly media: () => readonly BackupMedium[];
  readonly work: BackupWork;
  /** Wraps every call: checks that the handle is open and measures it. */
  readonly run: <T>(operation: string, work: () => Promise<T>) => Promise<T>;
  /** Wraps a call that replaces all stored data. */
  readonly replace: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * The public backup API: validates arguments and adds deadline, progress and abort signal. Unlike
 * other calls, an aborted backup call rejects only after the work has stopped and cleaned up.
 */
export function backupCalls(options: BackupCallsOptions): IStorageBackup {
  const { clock, media, work, run, replace } = options;
  const time = monotonicTime(clock);
  const timed = async <T extends object>(call: () => Promise<T>) => {
    const startedAt = time.now();
    const answer = await call();
    return { ...answer, tookMs: time.now() - startedAt };
  };
  return Object.freeze({
    get media() {
      return media();
    },

    create: async (input: BackupOptions = {}): Promise<BackupReport> =>
      run('backup.create', async () => {
        const { deadlineMs, ...checked } = checkBackup(input, media());
        const created = await timed(() =>
          limited(clock, input, deadlineMs, 'copying', (call) =>
            work.create({ ...checked, ...call }),
          ),
        );
        return { ...created, incremental: created.base !== undefined };
      }),

    verify: async (from: BackupSource, input: CallOptions = {}): Promise<BackupVerification> =>
      run('backup.verify', async () => {
        const source = checkSource(from, media());
        const verified = await timed(() =>
          limited(clock, input, Number.POSITIVE_INFINITY, 'verifying', (call) =>
            work.verify(source, call),
          ),
        );
        return { ...verified, ok: verified.problems.length === 0 };
      }),

    restore: async (input: RestoreOptions): Promise<RestoreReport> =>
      run('backup.restore', async () => {
        const checked = checkRestore(input, media());
        const restore = () =>
          limited(clock, input, Number.POSITIVE_INFINITY, 'verifying', (call) =>
            work.restore({ ...checked, ...call }),
          );
        return timed(() => (checked.to === undefined ? replace(restore) : restore()));
      }),

    prune: async (input: PruneOptions): Promise<PruneReport> =>
      run('backup.prune', async () => {
        const checked = checkPrune(input, media());
        return limited(clock, input, Number.POSITIVE_INFINITY, 'verifying', ({ signal }) =>
          work.prune({ ...checked, signal }),
        );
      }),
  });
}

type LimitedOptions = CallOptions & Pick<BackupOptions, 'onProgress'>;

/** Runs work with one signal that fires when the caller's signal does, or at the deadline. */
async function limited<T>(
  clock: Clock,
  { signal, onProgress }: LimitedOptions,
  deadlineMs: number,
  phase: BackupProgress['phase'],
  work: (call: BackupCall) => Promise<T>,
): Promise<T> {
  throwIfAborted(signal);
  const controller = new AbortController();
  const abort = (): void => {
    if (signal !== undefined) controller.abort(abortedError(signal));
  };
  signal?.addEventListener('abort', abort, { once: true });
  const time = monotonicTime(clock);
  const dueAt = time.now() + deadlineMs;
  const expire = (): void => controller.abort(late(deadlineMs));
  const timer = clock.setTimer(expire, deadlineMs);
  const listeners = new ListenerSet<BackupProgress>();
  if (onProgress !== undefined) listeners.add(onProgress);
  const report = (progress: BackupProgress): void => {
    listeners.emit(progress);
    // A timer is late itself where the event loop is blocked.
    if (time.now() >= dueAt) expire();
  };
  try {
    report({ phase, fraction: 0 });
    throwIfAborted(controller.signal);
    return await work({ signal: controller.signal, report });
  } catch (error) {
    // Where it was given up, why says more than how.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', abort);
  }
}

function late(deadlineMs: number): BarkeepError {
  return new BarkeepError('TIMEOUT', `the backup was not complete after ${deadlineMs} ms`, {
    details: { deadlineMs },
  });
}
