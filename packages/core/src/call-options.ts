import { BarkeepError } from './barkeep-error.ts';

/** What every asynchronous call takes as its last argument. */
export interface CallOptions {
  /**
   * Gives the call up: it rejects with code `ABORTED` and the signal's reason as `cause`. A write that
   * had already begun may still take effect as a whole.
   */
  readonly signal?: AbortSignal | undefined;
}

/** @throws BarkeepError `ABORTED` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

export function abortedError(signal: AbortSignal): BarkeepError {
  return new BarkeepError('ABORTED', 'the call was given up by its AbortSignal', {
    cause: signal.reason,
  });
}

/** The promise's outcome, or a rejection with `ABORTED` as soon as the signal fires. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
