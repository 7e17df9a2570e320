import { throwIfAborted } from '@barkeep/core';
import type { BackupCall } from '@barkeep/storage';
import type { BackupJobs, BackupRequest, BackupRequestOf } from './backup-worker.ts';
import type { WorkerClient } from './worker-client.ts';

/** How long a thread works before it looks whether it is to go on: so long an abort may take. */
const SLICE_MS = 20;

/** Has a thread do a job, slice by slice: it ends, and has cleaned up, soon after the signal fires. */
export async function runBackup<K extends keyof BackupJobs>(
  thread: WorkerClient,
  request: BackupRequestOf<K>,
  { signal, report }: BackupCall,
  forMs: number = SLICE_MS,
): Promise<ReturnType<BackupJobs[K]>> {
  // A request of one kind is one of them, which the type checker does not see.
  await thread.call('beginBackup', [request as BackupRequest]);
  try {
    for (;;) {
      throwIfAborted(signal);
      const step = await thread.call('continueBackup', [forMs]);
      // Each kind of job has its kind of result.
      if (step.isDone) return step.result as ReturnType<BackupJobs[K]>;
      report(step.progress);
    }
  } finally {
    await thread.call('endBackup', []);
  }
}
