import { BarkeepError } from '@barkeep/core';
import { unavailable } from './browser-failure.ts';
import type { BrowserPersisterOptions } from './browser-persister-options.ts';
import { LockedPersister } from './locked-persister.ts';
import { openSlotFile, type SlotFile } from './slot-file.ts';
import { type Snapshot, sealedSnapshot, unsealedSnapshot } from './snapshot-seal.ts';

/** Saves go to the two files in turn. */
const SLOTS = ['a', 'b'] as const;
type Slot = (typeof SLOTS)[number];

/** A file that is being replaced while it is read cannot be read: how often to try again. */
const READ_TRIES = 5;

/**
 * Keeps a database in the origin private file system (OPFS), in two files that take turns: a save
 * replaces the older one and never touches the newer one. Each ends with a checksum, so one whose save
 * was interrupted is known, and the other one counts.
 *
 * A `SqlJsStorage` uses it in its worker, where `save` resolves when the bytes are on the disk, as far as
 * the browser knows (https://fs.spec.whatwg.org/#api-filesystemsyncaccesshandle-flush). A page itself
 * cannot ask for that.
 */
export class OpfsPersister extends LockedPersister {
  readonly #slots = new Map<Slot, SlotFile>();
  /** The number of the newest snapshot; `undefined` until one was loaded. */
  #generation: number | undefined;

  /**
   * `name` tells the databases of one origin apart.
   * @throws BarkeepError `INVALID_INPUT` naming the option.
   */
  constructor(name: string, options: BrowserPersisterOptions = {}) {
    super(name, 'opfs', options);
  }

  protected override async _load(): Promise<Uint8Array | undefined> {
    const directory = await this.#directory();
    const newest = await this.#newest(directory);
    if (!this.readOnly) {
      this.#generation = newest?.generation ?? 0;
      for (const slot of SLOTS) await this.#openEarly(directory, slot);
    }
    return newest?.bytes;
  }

  protected override async _save(bytes: Uint8Array): Promise<void> {
    if (this.#generation === undefined) {
      throw new BarkeepError('NOT_OPEN', `${this.name} has not been loaded`);
    }
    const generation = this.#generation + 1;
    const slot = SLOTS[generation % 2 === 0 ? 0 : 1];
    const file = this.#slots.get(slot) ?? (await this.#open(await this.#directory(), slot));
    await file.replace(sealedSnapshot({ generation, bytes }));
    this.#generation = generation;
  }

  protected override async _close(): Promise<void> {
    for (const file of this.#slots.values()) file.close();
    this.#slots.clear();
    // A database that was never saved leaves nothing behind.
    if (this.#generation === 0) await this._delete();
    this.#generation = undefined;
  }

  protected override async _delete(): Promise<void> {
    const directory = await this.#directory();
    for (const slot of SLOTS) {
      await directory.removeEntry(this.#fileName(slot)).catch(unlessAbsent);
    }
  }

  protected override async _salvage(): Promise<Uint8Array | undefined> {
    const files = await this.#read(await this.#directory());
    const [newest] = snapshotsOf(files);
    return newest?.bytes ?? files.sort((one, other) => other.length - one.length)[0];
  }

  async #newest(directory: FileSystemDirectoryHandle): Promise<Snapshot | undefined> {
    const files = await this.#read(directory);
    const [newest] = snapshotsOf(files);
    if (newest === undefined && files.length > 0) throw torn(this.name);
    return newest;
  }

  /** The files that have something in them. */
  async #read(directory: FileSystemDirectoryHandle): Promise<Uint8Array<ArrayBuffer>[]> {
    const files: Uint8Array<ArrayBuffer>[] = [];
    for (const slot of SLOTS) {
      const bytes = await this.#readSlot(directory, slot);
      // A file that has just been made, for a save that then failed.
      if (bytes !== undefined && bytes.length > 0) files.push(bytes);
    }
    return files;
  }

  async #readSlot(
    directory: FileSystemDirectoryHandle,
    slot: Slot,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (let tries = 1; ; tries += 1) {
      try {
        const file = await (await directory.getFileHandle(this.#fileName(slot))).getFile();
        return new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        if (hasName(error, 'NotFoundError')) return undefined;
        if (!hasName(error, 'NotReadableError') || tries === READ_TRIES) throw error;
      }
    }
  }

  /** Whether files can be written shows at once; a disk that is full can still be read. */
  async #openEarly(directory: FileSystemDirectoryHandle, slot: Slot): Promise<void> {
    try {
      await this.#open(directory, slot);
    } catch (error) {
      if (!hasName(error, 'QuotaExceededError')) throw error;
    }
  }

  async #open(directory: FileSystemDirectoryHandle, slot: Slot): Promise<SlotFile> {
    const handle = await directory.getFileHandle(this.#fileName(slot), { create: true });
    const file = await openSlotFile(handle, this.name);
    this.#slots.set(slot, file);
    return file;
  }

  #directory(): Promise<FileSystemDirectoryHandle> {
    // Its types do not know that not every platform has it.
    const storage = globalThis.navigator?.storage as StorageManager | undefined;
    if (storage?.getDirectory === undefined) throw unavailable(this.name, 'OPFS');
    return storage.getDirectory();
  }

  #fileName(slot: Slot): string {
    return `${encodeURIComponent(this.name)}.${slot}`;
  }
}

function snapshotsOf(files: readonly Uint8Array<ArrayBuffer>[]): Snapshot[] {
  return files
    .map(unsealedSnapshot)
    .filter((snapshot) => snapshot !== undefined)
    .sort((one, other) => other.generation - one.generation);
}

function hasName(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function unlessAbsent(error: unknown): void {
  if (!hasName(error, 'NotFoundError')) throw error;
}

function torn(name: string): BarkeepError {
  return new BarkeepError(
    'CORRUPT',
    `no snapshot of ${name} is whole: salvage() of its persister gives what there is, delete() makes room for a new one`,
    { details: { path: name } },
  );
}
