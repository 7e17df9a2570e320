import { throwIfAborted } from './call-options.ts';

/** How long a run may hold the thread before it lets others have it. */
const SLICE_MS = 4;

/**
 * Drives a generator to its end, pausing at its yields whenever it has held the thread for a few
 * milliseconds: long work in the caller's thread, without blocking its event loop.
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

/** Resolves in a later turn of the event loop, after timers and I/O that are due. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/** Node's; absent in browsers. */
declare const setImmediate: ((callback: () => void) => unknown) | undefined;
