/** `undefined` in pages without https, and in older versions of Node: their types do not say so. */
export function webLocks(): LockManager | undefined {
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: LockManager } };
  return navigator?.locks;
}
