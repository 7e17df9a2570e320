import { throwIfAborted } from './call-options.ts';

/** How long to hold the thread before yielding to the event loop. */
const SLICE_MS = 4;

/**
 * Runs a generator to completion without blocking the event loop: at a `yield`, it releases the
 * thread if it has held it for more than a few milliseconds.
 * @throws BarkeepError `ABORTED` at the next pause after the signal is aborted.
 */
export async function runCooperatively<T>(
  steps: Generator<void, T, void>,
  signal?: AbortSignal,
): Promise<T> {
  let sliceEnd = performance.now() + SLICE_MS;
  let step = steps.next();
  while (!step.done) {
    if (performance.now() >= sliceEnd) {
      await nextTurn();
      throwIfAborted(signal);
      sliceEnd = performance.now() + SLICE_MS;
    }
    step = steps.next();
  }
  return step.value;
}

/** Resolves in a later turn of the event loop, after due timers and I/O. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/** Node's; absent in browsers. */
declare const setImmediate: ((callback: () => void) => unknown) | undefined;
