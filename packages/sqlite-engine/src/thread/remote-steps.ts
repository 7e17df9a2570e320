import { BarkeepError, throwIfAborted } from '@barkeep/core';
import type { BackupCall, BackupProgress } from '@barkeep/storage';
import type { BackupSteps } from '../backup-steps.ts';

/** Where long work in a thread is after a slice of it. */
export type Slice<T> =
  | { readonly isDone: false; readonly progress: BackupProgress }
  | { readonly isDone: true; readonly result: T | undefined };

/** A thread's end: one piece of long work at a time, which goes on when it is asked to. */
export class SlicedWork<T> {
  #steps: BackupSteps<T | undefined> | undefined;

  begin(steps: BackupSteps<T>): void {
    this.#steps = steps;
  }

  /** Goes on for so many milliseconds, or to the end. */
  continue(forMs: number): Slice<T> {
    const steps = this.#steps;
    if (steps === undefined) throw new BarkeepError('INTERNAL', 'no long work is under way');
    const end = performance.now() + forMs;
    for (;;) {
      const step = steps.next();
      if (step.done === true) return { isDone: true, result: step.value };
      if (performance.now() >= end) return { isDone: false, progress: step.value };
    }
  }

  /** Cleans up, whether it has come to its end or not. */
  end(): void {
    const steps = this.#steps;
    this.#steps = undefined;
    steps?.return(undefined);
  }
}

/** The same seen from the main thread. */
export interface RemoteWork<T> {
  begin(): Promise<void>;
  continue(forMs: number): Promise<Slice<T>>;
  end(): Promise<void>;
}

/** How long a thread works before it looks whether it is to go on: so long an abort may take. */
const SLICE_MS = 20;

/** Has a thread do long work, slice by slice: it ends, and has cleaned up, soon after the signal fires. */
export async function runSliced<T>(
  work: RemoteWork<T>,
  { signal, report }: BackupCall,
  forMs: number = SLICE_MS,
): Promise<T> {
  await work.begin();
  try {
    for (;;) {
      throwIfAborted(signal);
      const slice = await work.continue(forMs);
      if (!slice.isDone) report(slice.progress);
      else if (slice.result !== undefined) return slice.result;
      else throw new BarkeepError('INTERNAL', 'long work in a thread has ended without a result');
    }
  } finally {
    await work.end();
  }
}
