import { abortedError, throwIfAborted } from './call-options.ts';
import type { EpochMs } from './epoch-ms.ts';

/** A timer that was set: `cancel` keeps it from firing. */
export interface ClockTimer {
  cancel(): void;
}

export interface ClockTimerOptions {
  /**
   * Whether the process stays alive until the timer fires. Default: false, as it should be for what
   * runs in the background; true where a caller awaits the end of the delay.
   */
  readonly keepsProcessAlive?: boolean | undefined;
}

/** Where time comes from. Everything that waits or expires asks its clock, so tests need not sleep. */
export interface Clock {
  /** Wall time. It may be set, so it may jump both ways. */
  now(): EpochMs;
  /**
   * Milliseconds since an instant of no meaning; they never go back. Without it, `monotonicTime` goes by
   * `now` and by timers, and notices that the clock was set back when it next looks.
   */
  monotonic?(): number;
  /** Calls back once, `delayMs` from now; `Infinity` never does. */
  setTimer(callback: () => void, delayMs: number, options?: ClockTimerOptions): ClockTimer;
}

/** `setTimeout` counts in 32 bits: a longer delay would fire at once. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** Looking it up costs more than asking it. */
const stopwatch = performance;

/** The machine's clock. */
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
 * Resolves after `delayMs` of the clock's time; the process stays alive until then.
 * @throws BarkeepError `ABORTED` as soon as the signal fires.
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
