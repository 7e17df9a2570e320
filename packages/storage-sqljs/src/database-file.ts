import { randomUUID } from 'node:crypto';
import { access, constants, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BarkeepError, fileFailure, systemCode } from '@barkeep/core';
import type { Persister } from './persister.ts';

/** Which state of the file we know: another one is somebody else's. */
interface Identity {
  readonly inode: bigint;
  readonly size: bigint;
  readonly modified: bigint;
}

/**
 * A database file that is read and written as a whole. A save is atomic and durable: a file beside it,
 * written and synced, takes its name, and the directory is synced.
 */
export class DatabaseFile implements Persister {
  readonly name: string;
  readonly #path: string;
  #known: Identity | undefined;

  /** The path is absolute. */
  constructor(path: string) {
    this.name = path;
    this.#path = path;
  }

  /**
   * The bytes; `undefined` when there is no file. Removes what an interrupted save left.
   * @throws BarkeepError `CANNOT_OPEN`, `READ_ONLY` or `IO`.
   */
  async load(): Promise<Uint8Array | undefined> {
    try {
      await access(dirname(this.#path), constants.R_OK | constants.W_OK);
      await this.#removeLeftovers();
      this.#known = await identityOf(this.#path);
      if (this.#known === undefined) return undefined;
      const bytes = await readFile(this.#path);
      await this.#assertNoWal();
      return bytes;
    } catch (error) {
      throw fileFailure(error, this.#path, 'CANNOT_OPEN');
    }
  }

  /**
   * Replaces the file. When it throws, the file is as it was.
   * @throws BarkeepError `DISK_FULL`, `READ_ONLY`, `IO`, or `BUSY` (not retryable) when somebody else
   * has written the file since it was loaded.
   */
  async save(bytes: Uint8Array): Promise<void> {
    const temporary = `${this.#path}.${randomUUID()}.tmp`;
    try {
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#assertUnchanged();
      await rename(temporary, this.#path);
      await syncDirectory(dirname(this.#path));
      this.#known = await identityOf(this.#path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw fileFailure(error, this.#path);
    }
  }

  /** A file is not held: another one that writes it is found out by the next save. */
  async close(): Promise<void> {
    this.#known = undefined;
  }

  async #assertUnchanged(): Promise<void> {
    const [found, known] = [await identityOf(this.#path), this.#known];
    const isOurs =
      found?.inode === known?.inode &&
      found?.size === known?.size &&
      found?.modified === known?.modified;
    if (isOurs) return;
    throw new BarkeepError(
      'BUSY',
      `somebody else has written ${this.#path} since it was loaded; nothing was saved: open the storage anew`,
      { details: { path: this.#path } },
    );
  }

  /** What is in the log is not in the file, and sql.js cannot read it. */
  async #assertNoWal(): Promise<void> {
    const wal = await identityOf(`${this.#path}-wal`);
    if (wal === undefined || wal.size === 0n) return;
    throw new BarkeepError(
      'CANNOT_OPEN',
      `${this.#path} is open elsewhere or was not closed: open and close it with @barkeep/storage-sqlite first`,
      { details: { path: this.#path, walBytes: Number(wal.size) } },
    );
  }

  async #removeLeftovers(): Promise<void> {
    const directory = dirname(this.#path);
    const prefix = `${basename(this.#path)}.`;
    for (const name of await readdir(directory)) {
      if (!name.startsWith(prefix) || !/^[0-9a-f-]{36}\.tmp$/.test(name.slice(prefix.length))) {
        continue;
      }
      await rm(join(directory, name), { force: true });
    }
  }
}

async function identityOf(path: string): Promise<Identity | undefined> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return { inode: ino, size, modified: mtimeNs };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** So that the new name survives a power cut. Windows has no such thing. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
