import type { LatencyBucket, OperationSummary } from '@barkeep/core';

type Operations = Readonly<Record<string, OperationSummary>>;

/** The calls of some operations that ended between two looks at their figures, by how long they took. */
export function callsSince(
  names: readonly string[],
  now: Operations,
  before: Operations,
): LatencyBucket[] {
  const calls = new Map<number, number>();
  for (const name of names) {
    for (const [sign, operations] of [
      [1, now],
      [-1, before],
    ] as const) {
      for (const bucket of operations[name]?.histogram ?? []) {
        calls.set(bucket.upToMs, (calls.get(bucket.upToMs) ?? 0) + sign * bucket.calls);
      }
    }
  }
  return Array.from(calls, ([upToMs, count]) => ({ upToMs, calls: count }))
    .filter((bucket) => bucket.calls > 0)
    .toSorted((a, b) => a.upToMs - b.upToMs);
}
