import { type Awaitable, nextTurn, throwIfAborted } from '@barkeep/core';

/** How long to hold the thread before yielding to the event loop. */
const SLICE_MS = 4;

/**
 * Maps items one after the other without blocking the event loop. Results that are ready at once
 * cost no extra turn; the event loop runs every few milliseconds.
 */
export async function mapCooperatively<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Awaitable<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const answers: R[] = [];
  let sliceEnd = performance.now() + SLICE_MS;
  for (const [index, item] of items.entries()) {
    const answer = work(item, index);
    answers.push(answer instanceof Promise ? await answer : answer);
    if (performance.now() < sliceEnd) continue;
    await nextTurn();
    throwIfAborted(signal);
    sliceEnd = performance.now() + SLICE_MS;
  }
  return answers;
}
