/** The results once all have ended, so that nothing of them is under way when the first failure is thrown. */
export async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
