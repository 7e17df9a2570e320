import { BarkeepError, type Clock, untilAborted } from '@barkeep/core';

/**
 * The outcome of `work`, or a retryable `TIMEOUT` after `timeoutMs` of the clock's time. The signal
 * that work receives fires then, and when the caller's does.
 */
export async function withinTime<T>(
  work: (signal: AbortSignal) => T | Promise<T>,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  const deadline = new AbortController();
  const timeout = new BarkeepError('TIMEOUT', `no answer within ${timeoutMs} ms`, {
    retryable: true,
    details: { timeoutMs },
  });
  const timer = clock.setTimer(() => deadline.abort(timeout), timeoutMs);
  const either = AbortSignal.any([signal, deadline.signal]);
  try {
    return await untilAborted((async () => work(either))(), either);
  } catch (error) {
    throw deadline.signal.aborted && !signal.aborted ? timeout : error;
  } finally {
    timer.cancel();
  }
}
