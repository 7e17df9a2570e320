/**
 * Whether a scenario failed for what a planted bug does: by an assertion or an error of the house, or by
 * what the bug itself threw. One that makes the suite stumble proves nothing.
 */
export function isAboutAPromise(error: unknown): boolean {
  let root = error as Error;
  while (root.name === 'ConformanceError' && root.cause instanceof Error) root = root.cause;
  if (root.name === 'ConformanceError' || root.name === 'BarkeepError') return true;
  const [thrownAt] = /[^\s(]+\.ts:\d+/.exec(root.stack ?? '') ?? [];
  return thrownAt !== undefined && !thrownAt.includes('/conformance/src/');
}
