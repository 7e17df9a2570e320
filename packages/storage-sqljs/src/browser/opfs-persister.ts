import { BarkeepError } from '@barkeep/core';
import type { Persister } from '../persister.ts';
import { browserFailure, unavailable } from './browser-failure.ts';
import { checkDatabaseName } from './check-database-name.ts';
import { ExclusiveLock } from './exclusive-lock.ts';
import { replaceContent } from './replace-content.ts';
import { sealedSnapshot, unsealedSnapshot } from './snapshot-seal.ts';

/** Saves go to the two files in turn. */
const SLOTS = ['a', 'b'] as const;

/**
 * Keeps a database in the origin private file system (OPFS), in two files that take turns: a save
 * replaces the older one and never touches the newer one. Each ends with a checksum, so one whose save
 * was interrupted is known, and the other one counts.
 *
 * A `SqlJsStorage` uses it in its worker, where `save` resolves when the bytes are on the disk, as far as
 * the browser knows (https://fs.spec.whatwg.org/#api-filesystemsyncaccesshandle-flush). A page itself
 * cannot ask for that.
 *
 * A Web Lock keeps it from being open in two pages.
 */
export class OpfsPersister implements Persister {
  readonly name: string;
  readonly #lock: ExclusiveLock;
  /** The number of the newest snapshot. */
  #generation = 0;

  /** `name` tells the databases of one origin apart. @throws BarkeepError `INVALID_INPUT`. */
  constructor(name: string) {
    this.name = checkDatabaseName(name);
    this.#lock = new ExclusiveLock(`barkeep/opfs/${name}`);
  }

  /** @throws BarkeepError `BUSY`, `CANNOT_OPEN`, `CORRUPT` or `IO`. */
  async load(): Promise<Uint8Array | undefined> {
    try {
      await this.#lock.take();
      const files = await Promise.all(SLOTS.map((slot) => this.#read(slot)));
      const found = files.filter((bytes) => bytes !== undefined);
      const snapshots = (await Promise.all(found.map(unsealedSnapshot)))
        .filter((snapshot) => snapshot !== undefined)
        .sort((one, other) => other.generation - one.generation);
      const [newest] = snapshots;
      if (newest === undefined && found.length > 0) throw torn(this.name);
      this.#generation = newest?.generation ?? 0;
      return newest?.bytes;
    } catch (error) {
      throw browserFailure(error, this.name);
    }
  }

  /** @throws BarkeepError `DISK_FULL`, `BUSY` or `IO`. */
  async save(bytes: Uint8Array): Promise<void> {
    const generation = this.#generation + 1;
    try {
      this.#lock.assertHeld();
      const directory = await this.#directory();
      const name = this.#fileName(SLOTS[generation % 2 === 0 ? 0 : 1]);
      const file = await directory.getFileHandle(name, { create: true });
      await replaceContent(file, await sealedSnapshot({ generation, bytes }));
      this.#generation = generation;
    } catch (error) {
      throw browserFailure(error, this.name);
    }
  }

  close(): Promise<void> {
    return this.#lock.release();
  }

  async #read(slot: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const directory = await this.#directory();
    try {
      const file = await (await directory.getFileHandle(this.#fileName(slot))).getFile();
      // A file that has just been made, for a save that then failed.
      return file.size === 0 ? undefined : new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
      throw error;
    }
  }

  #directory(): Promise<FileSystemDirectoryHandle> {
    // Its types do not know that not every platform has it.
    const storage = navigator.storage as StorageManager | undefined;
    if (storage?.getDirectory === undefined) throw unavailable(this.name, 'OPFS');
    return storage.getDirectory();
  }

  #fileName(slot: string): string {
    return `${encodeURIComponent(this.name)}.${slot}`;
  }
}

function torn(name: string): BarkeepError {
  return new BarkeepError('CORRUPT', `no snapshot of ${name} is whole`, {
    details: { path: name },
  });
}
