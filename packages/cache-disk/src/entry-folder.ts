import { createHash, randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheEntry } from '@barkeep/cache';
import { BarkeepError, type EpochMs, fileFailure, systemCode } from '@barkeep/core';
import { decodeEntry, decodeLabel, type EntryLabel, encodeEntry, labelEnd } from './entry-file.ts';
import { READ_AT_ONCE, readWhole } from './read-whole.ts';

const SUFFIX = '.bkc';
const TEMPORARY = '.tmp';
/** A temporary file that is so old was left by a process that died. */
const ABANDONED_AFTER_MS = 60_000;
/** Most labels are shorter than what one read brings. */
const FIRST_READ = 1_024;
/** Files looked at side by side. */
const SIDE_BY_SIDE = 8;

/** A file of the folder. */
export interface EntryFile {
  readonly path: string;
  readonly bytes: number;
  /** When it was last written or used, by the machine's clock. */
  readonly usedAt: EpochMs;
  /** Another file under the same name has another one. */
  readonly identity: string;
}

/** A directory with a file for each entry, named after a hash of its key. */
export class EntryFolder {
  readonly #directory: string;
  readonly #largest: number;

  /** No entry is larger than `largest` bytes. */
  constructor(directory: string, largest: number) {
    this.#directory = directory;
    this.#largest = largest;
  }

  async make(): Promise<void> {
    await this.#guarded(
      () => mkdir(this.#directory, { recursive: true, mode: 0o700 }),
      'CANNOT_OPEN',
    );
  }

  pathOf(key: string): string {
    // Lone surrogates would all become the same character in UTF-8.
    const name = createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex');
    return join(this.#directory, `${name}${SUFFIX}`);
  }

  /**
   * The entry, expired or not. A damaged file is removed.
   * @throws BarkeepError `CORRUPT`, or another code when the file cannot be read.
   */
  async read(path: string, key: string, expectedBytes: number): Promise<CacheEntry | undefined> {
    const file = await this.#ifThere(() => readWhole(path, expectedBytes, this.#largest));
    if (file === undefined) return undefined;
    const entry = await this.#orRemoved(path, () => decodeEntry(file));
    return entry.key === key ? entry : undefined;
  }

  /** Replaces the entry's file by a whole one. @throws BarkeepError `DISK_FULL`, `READ_ONLY` or `IO`. */
  async write(path: string, file: Buffer): Promise<void> {
    const temporary = join(this.#directory, `${randomUUID()}${TEMPORARY}`);
    try {
      await this.#guarded(async () => {
        await writeFile(temporary, file, { flag: 'wx', mode: 0o600 });
        await rename(temporary, path);
      });
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  encode(entry: CacheEntry): Buffer {
    return encodeEntry(entry);
  }

  /**
   * Remembers in the file itself when it was used, where it may be written. It is a hint for
   * evictions, and no reason for a read or a `close` to fail in a directory that is read-only.
   */
  async touch(path: string, usedAt: EpochMs): Promise<void> {
    await utimes(path, usedAt / 1_000, usedAt / 1_000).catch(() => undefined);
  }

  async remove(path: string): Promise<void> {
    await this.#guarded(() => rm(path, { force: true }));
  }

  /** Every file there is. Removes temporary ones that nobody will complete. */
  async list(): Promise<EntryFile[]> {
    const names = await this.#guarded(() => readdir(this.#directory));
    const found = await this.#each(names, async (name) => {
      const path = join(this.#directory, name);
      const file = await this.#ifThere(() => lstat(path));
      if (file === undefined || !file.isFile()) return undefined;
      if (name.endsWith(TEMPORARY)) {
        if (Date.now() - file.mtimeMs > ABANDONED_AFTER_MS) await this.#tidy(path);
        return undefined;
      }
      if (!name.endsWith(SUFFIX)) return undefined;
      // The number of a file that is gone is given out again.
      const identity = `${file.ino} ${file.birthtimeMs}`;
      return { path, bytes: file.size, usedAt: file.mtimeMs, identity };
    });
    return found.filter((file) => file !== undefined);
  }

  /** The labels of files; of those that are gone or damaged (and then removed), none. */
  async labels<File extends Pick<EntryFile, 'path'>>(
    files: readonly File[],
  ): Promise<(File & EntryLabel)[]> {
    const found = await this.#each(files, async (file) => {
      const label = await this.#label(file);
      return label && { ...file, ...label };
    });
    return found.filter((one) => one !== undefined);
  }

  async #label({ path }: Pick<EntryFile, 'path'>): Promise<EntryLabel | undefined> {
    const file = await this.#ifThere(() => open(path, READ_AT_ONCE));
    if (file === undefined) return undefined;
    try {
      const status = await file.stat();
      if (!status.isFile()) return undefined;
      const { size } = status;
      const read = async (length: number): Promise<Buffer> => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
        return buffer.subarray(0, bytesRead);
      };
      return await this.#orRemoved(path, async () => {
        const start = await read(FIRST_READ);
        const end = labelEnd(start, size);
        return decodeLabel(end <= start.length ? start : await read(end), size);
      });
    } catch (error) {
      if (BarkeepError.is(error, 'CORRUPT')) return undefined;
      throw error;
    } finally {
      await file.close();
    }
  }

  async #orRemoved<T>(path: string, decode: () => T | Promise<T>): Promise<T> {
    try {
      return await decode();
    } catch (error) {
      if (BarkeepError.is(error, 'CORRUPT')) await this.#tidy(path);
      throw error;
    }
  }

  /** Removes what is of no use to anyone, where that is allowed: it is found to be so each time. */
  async #tidy(path: string): Promise<void> {
    await rm(path, { force: true }).catch(() => undefined);
  }

  /** `undefined` when there is no such file: another process may remove one at any time. */
  async #ifThere<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw fileFailure(error, this.#directory);
    }
  }

  async #guarded<T>(work: () => Promise<T>, other?: 'CANNOT_OPEN'): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw fileFailure(error, this.#directory, other);
    }
  }

  async #each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    for (let i = 0; i < items.length; i += SIDE_BY_SIDE) {
      results.push(...(await Promise.all(items.slice(i, i + SIDE_BY_SIDE).map(work))));
    }
    return results;
  }
}
