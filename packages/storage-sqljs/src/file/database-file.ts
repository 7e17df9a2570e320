import * as fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import * as paths from 'node:path';
import { BarkeepError, fileFailure } from '@barkeep/core';
import {
  type DatabaseLocation,
  inodeOf,
  locateDatabase,
  type Persister,
  pathWithLog,
} from '@barkeep/sqlite-engine';
import { assertDatabase } from '../database-image.ts';
import { assertUsablePath } from './assert-usable-path.ts';
import { FileLock } from './file-lock.ts';
import { readCopy } from './read-copy.ts';
import { replacePages } from './replace-pages.ts';
import { readWhole } from './whole-transfer.ts';

/** https://sqlite.org/fileformat2.html#the_database_header: every change of a database changes it. */
const HEADER_LENGTH = 100;
/** What WebAssembly can address. */
const MOST_BYTES = 2 ** 32;

/** Closed in this order: closing any descriptor of a file drops every lock of the process on it. */
interface OpenFile {
  readonly lock: FileLock;
  readonly handle: FileHandle;
}

/** By what a file is recognised. */
interface KnownFile {
  readonly inode: string;
  /** The last one that was saved or loaded, and those that saves may have written which failed. */
  readonly headers: readonly Uint8Array[];
  /** How many descriptors of this process lead to it while it is open here and nowhere else. */
  readonly descriptors: number;
}

/**
 * A database file that is read and written as a whole, under SQLite's own lock from `load` to `close`.
 * A save writes the pages that differ into the file itself, so mode, owner and links stay.
 */
export class DatabaseFile implements Persister {
  /** The absolute path, as it was given. */
  readonly name: string;
  readonly readOnly: boolean;
  #open: OpenFile | undefined;
  #known: KnownFile | undefined;
  #isLoaded = false;
  #isSaving = false;

  /** `readOnly`: the file is read as it is, and not kept open. */
  constructor(path: string, readOnly = false) {
    this.name = path;
    this.readOnly = readOnly;
  }

  /**
   * Locks the file, makes it when there is none, and reads it; `undefined` when nothing is in it.
   * @throws BarkeepError `BUSY` when it is open elsewhere; `CANNOT_OPEN`, `READ_ONLY`,
   * `NOT_A_DATABASE`, `CORRUPT`, `DISK_FULL`, `IO`, `INCOMPATIBLE`.
   */
  load(): Promise<Uint8Array | undefined> {
    return this.#reporting('CANNOT_OPEN', async () => {
      const bytes = await this.#load();
      this.#isLoaded = true;
      return bytes;
    });
  }

  /**
   * Makes the file hold these bytes, in which it changes a counter. When it throws, the file is as it
   * was.
   * @throws BarkeepError `NOT_OPEN`; `NOT_A_DATABASE` or `CORRUPT` when these are not the bytes of a whole
   * database; `DISK_FULL`, `READ_ONLY`, `IO`; `BUSY`, retryable while somebody reads the
   * file, not retryable when somebody has changed it; `CANNOT_OPEN` when it is gone or another one.
   */
  save(bytes: Uint8Array): Promise<void> {
    return this.#reporting('IO', async () => {
      if (!this.#isLoaded) throw new BarkeepError('NOT_OPEN', `${this.name} is not loaded`);
      assertDatabase(bytes, this.name);
      this.#isSaving = true;
      try {
        const { lock, handle } = await this.#sound();
        await lock.exclusively(async () => {
          this.#assertKnown();
          await replacePages(lock.path, handle, bytes);
          await this.#recognise(handle);
        });
      } catch (error) {
        if (this.#open?.lock.isHeld === false) await this.#recover(bytes);
        throw error;
      } finally {
        this.#isSaving = false;
      }
    });
  }

  /** @throws BarkeepError `CANNOT_OPEN` or `BUSY` when a save could not replace what was loaded. */
  async check(): Promise<void> {
    this.assertCurrent();
  }

  /** The same at once. */
  assertCurrent(): void {
    try {
      if (this.#isSaving) this.#assertThere();
      else this.#assertKnown();
    } catch (error) {
      throw fileFailure(error, this.name);
    }
  }

  /** To be called when the database has turned out to be ours: until then nothing is changed. */
  settle(): void {
    try {
      if (this.#open !== undefined) this.#settle(this.#open);
    } catch (error) {
      // It can be read as it is; the next save tries again.
      if (!BarkeepError.is(error, 'DISK_FULL')) throw error;
    }
  }

  async close(): Promise<void> {
    this.#isLoaded = false;
    this.#known = undefined;
    await this.#letGo();
  }

  async #load(): Promise<Uint8Array | undefined> {
    const { path, inode } = this.#locate();
    if (inode !== undefined && countDescriptors(inode) > 0) throw this.#isOpenHere();
    if (this.readOnly) return await readCopy(path);
    assertUsablePath(path);
    try {
      const { lock, handle } = await this.#take();
      if (lock.isEmpty) return undefined;
      const { size } = await handle.stat();
      if (size > MOST_BYTES) throw this.#isTooLarge(size);
      return await readWhole(handle, 0, size);
    } catch (error) {
      // A new database needs no room before it is saved.
      if (inode === undefined && BarkeepError.is(error, 'DISK_FULL')) return undefined;
      throw error;
    }
  }

  #locate(): DatabaseLocation {
    const lookup = { fs, path: paths };
    const location = locateDatabase(this.name, lookup);
    return { ...location, path: pathWithLog(location, lookup) };
  }

  /** What is open, where nobody in this process has meddled with it. */
  async #sound(): Promise<OpenFile> {
    let file = this.#open;
    const known = this.#known;
    if (file === undefined || known === undefined) {
      file = await this.#take();
      if (known === undefined && !file.lock.isEmpty) throw this.#isChanged();
    } else if (countDescriptors(known.inode) > known.descriptors) {
      // SQLite keeps those that others have closed as long as there is a lock.
      file = await this.#take();
      if (countDescriptors(known.inode) > known.descriptors) throw this.#isOpenHere();
    }
    assertUsablePath(file.lock.path);
    if (!file.lock.isSettled) this.#settle(file);
    return file;
  }

  #settle({ lock, handle }: OpenFile): void {
    this.#assertKnown();
    lock.settle();
    if (this.#known !== undefined) this.#known = { ...this.#known, headers: [headerOf(handle)] };
  }

  /** Opens it, anew where it was open, and checks that it is the file that is known. */
  async #take(): Promise<OpenFile> {
    await this.#letGo();
    this.#assertThere();
    const { path } = this.#locate();
    const lock = await FileLock.take(path);
    try {
      const handle = await open(path, 'r+');
      this.#open = { lock, handle };
      if (this.#known === undefined) await this.#recognise(handle);
      else this.#assertKnown();
      return this.#open;
    } catch (error) {
      lock.release();
      await this.#letGo();
      throw error;
    }
  }

  /** Has SQLite undo what a save has left. */
  async #recover(bytes: Uint8Array): Promise<void> {
    if (this.#known !== undefined) {
      const headers = [...this.#known.headers, bytes.slice(0, HEADER_LENGTH)];
      this.#known = { ...this.#known, headers };
    }
    try {
      await this.#take();
      this.settle();
    } catch {
      // What made the save fail says more. The next one tries again.
    }
  }

  async #letGo(): Promise<void> {
    const file = this.#open;
    this.#open = undefined;
    file?.lock.release();
    await file?.handle.close();
  }

  async #recognise(handle: FileHandle): Promise<void> {
    const { dev, ino } = await handle.stat({ bigint: true });
    const inode = `${dev}:${ino}`;
    const descriptors = this.#known?.descriptors ?? countDescriptors(inode);
    this.#known = { inode, headers: [headerOf(handle)], descriptors };
  }

  #assertKnown(): void {
    this.#assertThere();
    const { headers } = this.#known ?? {};
    const handle = this.#open?.handle;
    if (headers === undefined || handle === undefined) return;
    const found = headerOf(handle);
    if (!headers.some((header) => Buffer.compare(header, found) === 0)) throw this.#isChanged();
  }

  #assertThere(): void {
    if (this.#known === undefined) return;
    const found = fs.statSync(this.name, { bigint: true, throwIfNoEntry: false });
    if (found !== undefined && `${found.dev}:${found.ino}` === this.#known.inode) {
      // SQLite would take an empty file for a new database.
      if (found.size === 0n) throw this.#isChanged();
      return;
    }
    const what = found === undefined ? 'it was moved or deleted' : 'another is in its place';
    throw new BarkeepError(
      'CANNOT_OPEN',
      `${this.name} is not the database that was opened any more: ${what}. What it held is still in memory: put the file back, or keep the bytes of export()`,
      { details: { path: this.name, what } },
    );
  }

  async #reporting<T>(other: 'CANNOT_OPEN' | 'IO', work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw fileFailure(error, this.name, other);
    }
  }

  #isChanged(): BarkeepError {
    const advice = 'nothing was saved: open the storage anew';
    return this.#busy(`somebody else has written ${this.name} since it was loaded; ${advice}`);
  }

  #isOpenHere(): BarkeepError {
    const reason = 'another part of this process has it open, which no lock can keep apart';
    return this.#busy(`cannot use ${this.name}: ${reason}`, true);
  }

  #isTooLarge(bytes: number): BarkeepError {
    const reason = 'is larger than memory for WebAssembly can be: use @barkeep/storage-sqlite';
    const details = { path: this.name, bytes };
    return new BarkeepError('CANNOT_OPEN', `${this.name} ${reason}`, { details });
  }

  #busy(message: string, retryable = false): BarkeepError {
    return new BarkeepError('BUSY', message, { retryable, details: { path: this.name } });
  }
}

/** At once: a save may begin while a promise is kept. */
function headerOf({ fd }: FileHandle): Uint8Array {
  const header = new Uint8Array(HEADER_LENGTH);
  fs.readSync(fd, header, 0, HEADER_LENGTH, 0);
  return header;
}

/** Where the system lists the descriptors of this process. Windows, which needs none of this, does not. */
const LIST = '/dev/fd';

/**
 * How many descriptors of this process lead to a file. Locks of POSIX do not hold between them, and
 * closing one drops the locks of all.
 */
function countDescriptors(inode: string | undefined): number {
  if (!fs.existsSync(LIST)) return 0;
  return fs.readdirSync(LIST).filter((name) => inodeOf(`${LIST}/${name}`, fs) === inode).length;
}
