import { abortedError, throwIfAborted } from './call-options.ts';
import type { EpochMs } from './epoch-ms.ts';

/** A pending timer. `cancel` stops it from firing. */
export interface ClockTimer {
  cancel(): void;
}

export interface ClockTimerOptions {
  /**
   * Whether the timer keeps the process alive until it fires. Default: false, for background work.
   * Set it if a caller awaits the delay.
   */
  readonly keepsProcessAlive?: boolean | undefined;
}

/**
 * The source of time and timers. All expiry and waiting goes through a clock, so tests can use a
 * `ManualClock` instead of sleeping.
 */
export interface Clock {
  /** Wall time. It may jump forwards and backwards when the system clock is set. */
  now(): EpochMs;
  /**
   * Milliseconds since an arbitrary instant; never goes back. If absent, `monotonicTime` falls back
   * to `now` and timers, and detects a clock set back at its next reading.
   */
  monotonic?(): number;
  /** Calls `callback` once after `delayMs` milliseconds. `Infinity` never fires. */
  setTimer(callback: () => void, delayMs: number, options?: ClockTimerOptions): ClockTimer;
}

/** `setTimeout` counts in 32 bits: a longer delay would fire at once. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** Kept in a constant: the property lookup costs more than the call. */
const stopwatch = performance;

/** The system clock: `Date.now`, `performance.now` and `setTimeout`. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => stopwatch.now(),
  setTimer(callback: () => void, delayMs: number, options?: ClockTimerOptions): ClockTimer {
    let handle: ReturnType<typeof setTimeout>;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMEOUT_MS);
      handle = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : callback()), stepMs);
      if (options?.keepsProcessAlive !== true) unref(handle);
    };
    arm(Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  },
});

/**
 * Resolves after `delayMs` milliseconds of the clock's time. Keeps the process alive until then.
 * @throws BarkeepError `ABORTED` as soon as the signal is aborted.
 */
export async function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      timer.cancel();
      if (signal !== undefined) reject(abortedError(signal));
    };
    const onTime = (): void => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    };
    const timer = clock.setTimer(onTime, delayMs, { keepsProcessAlive: true });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Node's timers are objects that can be told not to hold the process; browsers' are numbers. */
function unref(handle: unknown): void {
  if (typeof handle === 'object' && handle !== null && 'unref' in handle) {
    (handle as { unref(): void }).unref();
  }
}
