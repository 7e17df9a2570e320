import { BarkeepError } from '@barkeep/core';

/** What is used of https://fs.spec.whatwg.org/#api-filesystemsyncaccesshandle. */
interface SyncAccessHandle {
  truncate(size: number): void;
  /** How many bytes were written; Chromium answers with the number of an error, too. */
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}

/** Dedicated workers have these; pages do not, and neither do their types. */
export interface SlotHandle extends FileSystemFileHandle {
  createSyncAccessHandle?(): Promise<SyncAccessHandle>;
}

/** A file of OPFS that is held open, or can be opened, to be written as a whole. */
export interface SlotFile {
  /** Has begun, and where the platform can also ended, when it returns. */
  replace(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<void>;
  close(): void;
}

/** The files of a worker that has just ended may be held a little longer than its lock. */
const TRIES = 20;
const PAUSE_MS = 100;

/**
 * Holds a file open where that is possible, which is in dedicated workers: then a save goes through to
 * the disk, and needs nothing but this thread.
 * @throws BarkeepError `CANNOT_OPEN` where files cannot be written at all.
 */
export async function openSlotFile(handle: SlotHandle, name: string): Promise<SlotFile> {
  const access = await openAccess(handle);
  if (access !== undefined) return new HeldFile(access, handle, name);
  if (typeof handle.createWritable === 'function') return new StreamedFile(handle);
  throw new BarkeepError(
    'CANNOT_OPEN',
    `cannot use ${name}: OPFS of this browser cannot be written here, only in dedicated workers or in newer browsers`,
    { details: { path: name, feature: 'createSyncAccessHandle' } },
  );
}

async function openAccess(handle: SlotHandle): Promise<SyncAccessHandle | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await handle.createSyncAccessHandle?.();
    } catch (error) {
      const isHeld = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!isHeld || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

class HeldFile implements SlotFile {
  readonly #access: SyncAccessHandle;
  readonly #handle: SlotHandle;
  readonly #name: string;

  constructor(access: SyncAccessHandle, handle: SlotHandle, name: string) {
    this.#access = access;
    this.#handle = handle;
    this.#name = name;
  }

  async replace(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
    const shortfall = this.#write(parts);
    // Files of a site that was told to forget its data may take writes, and nobody finds them again.
    const { size } = await this.#handle.getFile();
    if (shortfall !== undefined) throw shortfall;
    const expected = parts.reduce((sum, { length }) => sum + length, 0);
    if (size !== expected) throw this.#noRoom(size, expected);
  }

  close(): void {
    this.#access.close();
  }

  #write(parts: readonly Uint8Array[]): BarkeepError | undefined {
    this.#access.truncate(0);
    let at = 0;
    for (const part of parts) {
      const written = this.#access.write(part, { at });
      if (written !== part.length) return this.#noRoom(written, part.length);
      at += written;
    }
    this.#access.flush();
    return undefined;
  }

  /** Quota and disk show as fewer bytes, or as the negative number of an error without its sign. */
  #noRoom(written: number, expected: number): BarkeepError {
    const message = `there is no room to save ${this.#name}: the browser wrote ${written | 0} of ${expected} bytes; the save before is as it was`;
    const details = { path: this.#name, written: written | 0, expected };
    return new BarkeepError('DISK_FULL', message, { details });
  }
}

/** What a page can do by itself: the browser swaps the files at the end. */
class StreamedFile implements SlotFile {
  readonly #handle: SlotHandle;

  constructor(handle: SlotHandle) {
    this.#handle = handle;
  }

  async replace(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
    const writable = await this.#handle.createWritable();
    try {
      for (const part of parts) await writable.write(part);
      await writable.close();
    } catch (error) {
      // What was written is dropped. A stream that has failed cannot be aborted any more.
      await writable.abort().catch(() => undefined);
      throw error;
    }
  }

  close(): void {}
}
