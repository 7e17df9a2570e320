import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeWhole } from './whole-transfer.ts';

/** https://sqlite.org/fileformat2.html#the_rollback_journal */
const MAGIC: readonly number[] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
const HEADER_LENGTH = 28;
/** The header has it to itself, so that writing the header again harms nothing else. */
const SECTOR_SIZE = 512;
const CHECKSUM_STRIDE = 200;

/** A database file before it changes. */
export interface Original {
  readonly pages: number;
  readonly pageSize: number;
  /** As of `stat`: who may read the database may read its journal. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A page of a database; the first has number 1. */
export interface Page {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * What pages of a database were before they changed, in a file beside it. It counts from `seal` to
 * `drop`: whatever opens the database with SQLite then puts them back first.
 */
export class RollbackJournal {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #original: Original;
  readonly #nonce = Math.floor(Math.random() * 2 ** 32);
  #records = 0;

  private constructor(path: string, file: FileHandle, original: Original) {
    this.path = path;
    this.#file = file;
    this.#original = original;
  }

  /** Begins the journal of the database at a path. @throws Error of the file system; `EEXIST` when there is one. */
  static async create(database: string, original: Original): Promise<RollbackJournal> {
    const path = `${database}-journal`;
    const file = await open(path, 'wx', original.mode & 0o777);
    try {
      // Whoever may write the database must be able to put its pages back.
      if (process.getuid?.() === 0) await file.chown(original.uid, original.gid);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new RollbackJournal(path, file, original);
  }

  async add(pages: readonly Page[]): Promise<void> {
    const { pageSize } = this.#original;
    const length = 4 + pageSize + 4;
    const records = Buffer.alloc(pages.length * length);
    for (const [i, { number, bytes }] of pages.entries()) {
      records.writeUInt32BE(number, i * length);
      records.set(bytes, i * length + 4);
      records.writeUInt32BE(this.#checksum(bytes), i * length + 4 + pageSize);
    }
    await writeWhole(this.#file, records, SECTOR_SIZE + this.#records * length);
    this.#records += pages.length;
  }

  /** Makes it count, and resolves when it is on the disk. */
  async seal(): Promise<void> {
    // The header says that the rest is there, so the rest goes first.
    await this.#file.sync();
    await writeWhole(this.#file, this.#header(), 0);
    await this.#file.sync();
    await syncDirectory(this.path);
  }

  /**
   * Makes it count no longer, and resolves when that is on the disk and the journal is gone. When it
   * throws, the journal counts as before, unless the disk refuses that as well.
   */
  async drop(): Promise<void> {
    try {
      await writeWhole(this.#file, new Uint8Array(HEADER_LENGTH), 0);
      await this.#file.sync();
      await rm(this.path);
    } catch (error) {
      await writeWhole(this.#file, this.#header(), 0);
      throw error;
    }
  }

  /** Leaves it as it is. Does nothing when it is closed already. */
  async close(): Promise<void> {
    await this.#file.close();
  }

  #header(): Uint8Array {
    const { pages, pageSize } = this.#original;
    const header = Buffer.alloc(HEADER_LENGTH);
    header.set(MAGIC);
    for (const [i, value] of [this.#records, this.#nonce, pages, SECTOR_SIZE, pageSize].entries()) {
      header.writeUInt32BE(value, MAGIC.length + i * 4);
    }
    return header;
  }

  #checksum(page: Uint8Array): number {
    let sum = this.#nonce;
    for (let i = page.length - CHECKSUM_STRIDE; i > 0; i -= CHECKSUM_STRIDE) sum += page[i] ?? 0;
    return sum >>> 0;
  }
}

/** So that the name of a file survives a power cut. Windows has no such thing. */
async function syncDirectory(file: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(dirname(file), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
