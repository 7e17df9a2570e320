/**
 * The results once all have ended. Nothing is under way any more when it throws what the first of
 * those that failed threw: a write that lands late would undo one that comes after it.
 */
export async function allSettled<T extends readonly unknown[]>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
