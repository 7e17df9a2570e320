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
  const deadline = new AbortController();
  const timeout = new BarkeepError('TIMEOUT', `no answer within ${timeoutMs} ms`, {
    retryable: true,
    details: { timeoutMs },
  });
  const onTime = (): void => deadline.abort(timeout);
  const timer = time.setTimer(onTime, timeoutMs, { keepsProcessAlive: true });
  const either = AbortSignal.any([signal, deadline.signal]);
  try {
    return await untilAborted((async () => work(either))(), either);
  } catch (error) {
    throw deadline.signal.aborted && !signal.aborted ? timeout : error;
  } finally {
    timer.cancel();
  }
}
