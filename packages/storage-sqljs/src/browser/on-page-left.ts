/**
 * Calls back when the page is hidden, left, closed or reloaded: as early as the browser says so, and
 * perhaps more than once. Returns what stops that.
 */
export function onPageLeft(callback: () => void): () => void {
  if (typeof document === 'undefined') return () => undefined;
  const onVisibility = (): void => {
    if (document.visibilityState === 'hidden') callback();
  };
  document.addEventListener('visibilitychange', onVisibility);
  addEventListener('beforeunload', callback);
  addEventListener('pagehide', callback);
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    removeEventListener('beforeunload', callback);
    removeEventListener('pagehide', callback);
  };
}
