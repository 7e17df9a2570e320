import type { EpochMs } from './epoch-ms.ts';

/** A timer that was set: `cancel` keeps it from firing. */
export interface ClockTimer {
  cancel(): void;
}

/** Where time comes from. Everything that waits or expires asks its clock, so tests need not sleep. */
export interface Clock {
  now(): EpochMs;
  /** Calls back once, `delayMs` from now. A pending timer never keeps the process alive. */
  setTimer(callback: () => void, delayMs: number): ClockTimer;
}

/** `setTimeout` counts in 32 bits: a longer delay would fire at once. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** The machine's clock. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  setTimer(callback: () => void, delayMs: number): ClockTimer {
    let handle: ReturnType<typeof setTimeout>;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMEOUT_MS);
      handle = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : callback()), stepMs);
      unref(handle);
    };
    arm(Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  },
});

/** Resolves after `delayMs` of the clock's time; rejects with the signal's reason when it fires first. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Node's timers are objects that can be told not to hold the process; browsers' are numbers. */
function unref(handle: unknown): void {
  if (typeof handle === 'object' && handle !== null && 'unref' in handle) {
    (handle as { unref(): void }).unref();
  }
}
