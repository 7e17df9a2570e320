import { runSliced, type Slice } from '@barkeep/sqlite-engine';
import type { BackupCall } from '@barkeep/storage';
import type { BackupJobs, BackupRequest, BackupRequestOf } from './backup-worker.ts';
import type { WorkerClient } from './worker-client.ts';

/** Has a thread do a job in slices, of so many milliseconds where that is given. */
export function runBackup<K extends keyof BackupJobs>(
  thread: WorkerClient,
  request: BackupRequestOf<K>,
  call: BackupCall,
  forMs?: number,
): Promise<ReturnType<BackupJobs[K]>> {
  // A request of one kind is one of them, and each kind has its result: the type checker sees neither.
  type Sliced = Promise<Slice<ReturnType<BackupJobs[K]>>>;
  const work = {
    begin: () => thread.call('beginBackup', [request as BackupRequest]),
    continue: (ms: number) => thread.call('continueBackup', [ms]) as Sliced,
    end: () => thread.call('endBackup', []),
  };
  return runSliced(work, call, forMs);
}
