import { BarkeepError } from './barkeep-error.ts';

/** The last argument of every asynchronous call. */
export interface CallOptions {
  /**
   * Aborts the call: it rejects with code `ABORTED`, with the signal's reason as `cause`. A write
   * that has already begun may still take effect, but never in part.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Throws if the signal is aborted.
 * @throws BarkeepError `ABORTED`.
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

/** Returns an `ABORTED` error with the signal's reason as `cause`. */
export function abortedError(signal: AbortSignal): BarkeepError {
  return new BarkeepError('ABORTED', 'the call was given up by its AbortSignal', {
    cause: signal.reason,
  });
}

/**
 * Settles like `work`, or rejects with `ABORTED` as soon as the signal is aborted. Does not stop
 * the work itself.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
