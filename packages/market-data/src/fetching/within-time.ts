import { BarkeepError, type MonotonicTime, untilAborted } from '@barkeep/core';

/**
 * The outcome of `work`, or a retryable `TIMEOUT` after `timeoutMs`. The signal that work receives fires
 * then, and when the caller's does. The process stays alive until then: somebody waits for the outcome.
 */
export async function withinTime<T>(
  work: (signal: AbortSignal) => T | Promise<T>,
  timeoutMs: number,
  time: MonotonicTime,
  signal: AbortSignal,
): Promise<T> {
  const either = new AbortController();
  let timeout: BarkeepError | undefined;
  const onTime = (): void => {
    timeout = new BarkeepError('TIMEOUT', `no answer within ${timeoutMs} ms`, {
      details: { timeoutMs },
    });
    either.abort(timeout);
  };
  const onAbort = (): void => either.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const timer = time.setTimer(onTime, timeoutMs, { keepsProcessAlive: true });
  try {
    return await untilAborted((async () => work(either.signal))(), either.signal);
  } catch (error) {
    throw timeout === undefined || signal.aborted ? error : timeout;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}
