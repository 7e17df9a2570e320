import { abortedError, type Clock, delay } from '@barkeep/core';
import type { RetryPolicy } from '../config/market-data-config.ts';

export interface RetryContext {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Whether it would be in vain to wait after a failure. Default: never. */
  readonly isFinal?: ((error: unknown) => boolean) | undefined;
}

/**
 * The outcome of `work`, tried again while it fails with an error whose `retryable` is true. Waits
 * grow exponentially, and are spread over their second half so that many callers do not return at
 * once. An error that asks for more patience than the policy has (`details.retryAfterMs`) ends it.
 */
export async function retry<T>(
  work: () => Promise<T>,
  policy: RetryPolicy,
  { clock, random, signal, isFinal }: RetryContext,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const waitMs = waitAfter(error, attempt, policy, random());
      if (waitMs === undefined || isFinal?.(error) === true) throw error;
      await delay(clock, waitMs, signal).catch(() => {
        throw abortedError(signal);
      });
    }
  }
}

/** How long to wait before the next attempt; `undefined` when there should be none. */
function waitAfter(
  error: unknown,
  attempt: number,
  policy: RetryPolicy,
  spread: number,
): number | undefined {
  if (attempt >= policy.maxAttempts || !isRetryable(error)) return undefined;
  const askedMs = retryAfterMs(error);
  if (askedMs > policy.maxDelayMs) return undefined;
  return Math.max(askedMs, backoffMs(attempt, policy, spread));
}

/** How long to wait after so many failed attempts; `spread` from 0, the least, to 1, the most. */
export function backoffMs(
  attempts: number,
  { baseDelayMs, maxDelayMs }: RetryPolicy,
  spread: number,
): number {
  const longest = Math.min(maxDelayMs, baseDelayMs * 2 ** (attempts - 1));
  return (longest * (1 + spread)) / 2;
}

/** Whether an error, of Barkeep or not, says that the same call may succeed later. */
export function isRetryable(error: unknown): boolean {
  return isObject(error) && 'retryable' in error && error.retryable === true;
}

/** How long an error asks callers to wait, in milliseconds; 0 when it does not. */
export function retryAfterMs(error: unknown): number {
  const details = isObject(error) && 'details' in error ? error.details : undefined;
  const asked = isObject(details) && 'retryAfterMs' in details ? details.retryAfterMs : undefined;
  return typeof asked === 'number' && asked > 0 ? asked : 0;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
