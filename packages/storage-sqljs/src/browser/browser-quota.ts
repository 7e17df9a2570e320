/** How much the browser lets this origin store, all its databases and caches together. */
export interface BrowserQuota {
  /** In bytes, as the browser estimates; `undefined` where it does not say. */
  readonly usedBytes: number | undefined;
  readonly quotaBytes: number | undefined;
  /** Whether the data stays when space is short, until the user deletes it. */
  readonly isPersistent: boolean;
}

/** Asks the browser (https://storage.spec.whatwg.org). Where it has no answers, as in Node, there are none. */
export async function browserQuota(): Promise<BrowserQuota> {
  const storage = storageManager();
  const { usage, quota } = (await storage?.estimate?.()) ?? {};
  const isPersistent = (await storage?.persisted?.()) ?? false;
  return { usedBytes: usage, quotaBytes: quota, isPersistent };
}

/**
 * Asks the browser to keep this origin's data when space is short; it may ask the user. Only in pages.
 * @returns Whether the data is persistent now.
 */
export async function keepBrowserData(): Promise<boolean> {
  return (await storageManager()?.persist?.()) ?? false;
}

/** Its types do not know that not every platform has it, nor all of it. */
function storageManager(): Partial<StorageManager> | undefined {
  const { navigator } = globalThis as {
    readonly navigator?: { readonly storage?: StorageManager };
  };
  return navigator?.storage;
}
