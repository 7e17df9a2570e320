/**
 * Notes, in OPFS, that IndexedDB holds a database. Chromium deletes all of a site's IndexedDB when it finds
 * it damaged, as it may be after its disk was full: what is gone then looks like what never was.
 *
 * Where OPFS cannot be used there are no notes.
 */
export class StoredMark {
  readonly #fileName: string;
  #isKnownSet = false;

  /** `name` is that of the database. */
  constructor(name: string) {
    this.#fileName = `${encodeURIComponent(name)}.indexeddb`;
  }

  async isSet(): Promise<boolean> {
    try {
      const files = await directory();
      await files?.getFileHandle(this.#fileName);
      return files !== undefined;
    } catch {
      // Not there, or not to be found out.
      return false;
    }
  }

  /** One that cannot be set is set with a later save. */
  async set(): Promise<void> {
    if (this.#isKnownSet) return;
    try {
      const files = await directory();
      await files?.getFileHandle(this.#fileName, { create: true });
      this.#isKnownSet = files !== undefined;
    } catch {
      // The database itself has been saved.
    }
  }

  /** The browser was told to forget the site's data. */
  forget(): void {
    this.#isKnownSet = false;
  }

  async clear(): Promise<void> {
    this.#isKnownSet = false;
    try {
      await (await directory())?.removeEntry(this.#fileName);
    } catch (error) {
      if (await this.isSet()) throw error;
    }
  }
}

/** `undefined` where there is no OPFS: its types do not say so. */
async function directory(): Promise<FileSystemDirectoryHandle | undefined> {
  const storage = globalThis.navigator?.storage as StorageManager | undefined;
  return storage?.getDirectory?.();
}
