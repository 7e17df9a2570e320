import { type Awaitable, nextTurn, throwIfAborted } from '@barkeep/core';

/** How long a run may hold the thread before it lets others have it. */
const SLICE_MS = 4;

/**
 * The answer for each item, one after the other. What is ready at once costs no turn of its own, but the
 * event loop gets its turn every few milliseconds, however many items there are.
 */
export async function mapInTurns<T, R>(
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
