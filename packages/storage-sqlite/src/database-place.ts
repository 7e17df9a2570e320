import * as fs from 'node:fs';
import { BarkeepError } from '@barkeep/core';
import { inodeOf } from '@barkeep/sqlite-engine';
import { openDescriptorOf } from './open-descriptor.ts';

export interface DatabasePlaceOptions {
  /** The real path, by which SQLite opens it. */
  readonly path: string;
  /** The path that was asked for: it may lead there by links. */
  readonly name: string;
  /** Which file it is to be, where that is known already: as of `inodeOf`. */
  readonly inode?: string | undefined;
}

/**
 * Whether a database that is open, and its WAL, are still the files that their names lead to. SQLite
 * goes on writing to a file that was deleted, moved or replaced, and whoever opens the path next finds
 * nothing of that. Nothing is opened here: only names are looked up.
 */
export class DatabasePlace {
  readonly #path: string;
  readonly #name: string;
  readonly #inode: string | undefined;
  readonly #wal: string;
  readonly #walInode: string | undefined;
  readonly #emptyWal: () => boolean;

  /**
   * To be made when SQLite has opened the database and read from it. `emptyWal` brings all that the WAL
   * holds into the database, and returns whether it could.
   * @throws BarkeepError `CANNOT_OPEN` when it is not the file that was meant.
   */
  constructor({ path, name, inode }: DatabasePlaceOptions, emptyWal: () => boolean) {
    this.#path = path;
    this.#name = name;
    this.#inode = inode ?? inodeOf(path, fs);
    this.#wal = `${path}-wal`;
    this.#walInode = inodeOf(this.#wal, fs);
    this.#emptyWal = emptyWal;
    this.assertMain();
  }

  /** Device and inode of the database. */
  get inode(): string | undefined {
    return this.#inode;
  }

  /**
   * To be called before a change is acknowledged. What is stored is brought from the WAL into the
   * database when one of the two is not in its place: a WAL that is left beside another database would
   * be taken for that one's.
   *
   * @throws BarkeepError `CANNOT_OPEN`, which says what became of the file and where the data is.
   */
  assertKept(): void {
    this.assertMain();
    const found = inodeOf(this.#wal, fs);
    if (found !== undefined && found === this.#walInode) return;
    const what = `its WAL was ${found === undefined ? 'deleted or moved' : 'replaced'}`;
    const isSaved = this.#isWalEmptied();
    const data = isSaved ? `is in ${this.#path}` : 'is saved when it is closed';
    throw this.#displaced(what, `What was stored ${data}; open it anew to go on.`, isSaved);
  }

  /** The same of the database alone. @throws BarkeepError `CANNOT_OPEN` */
  assertMain(): void {
    const [path, name] = [this.#path, this.#name];
    const atPath = inodeOf(path, fs);
    const atName = name === path ? atPath : inodeOf(name, fs);
    if (atPath === this.#inode && atName === this.#inode) return;
    const inWal = this.#isWalEmptied() ? '' : `, and its latest changes in ${this.#wal}`;
    if (atPath === this.#inode) {
      throw this.#displaced(
        'the link leads elsewhere now',
        `What was stored is in ${path}${inWal}.`,
      );
    }
    const and = atPath === undefined ? '' : ', and something else is in its place';
    const open = openDescriptorOf(this.#inode);
    if (open === undefined) {
      throw this.#displaced(
        `its file was moved or deleted${and}`,
        `What was stored is where the file is now${inWal}; it is lost if that was deleted.`,
      );
    }
    if (open.links > 0) {
      throw this.#displaced(
        `its file was moved to ${open.path}${and}`,
        `What was stored is in ${open.path}${inWal}.`,
      );
    }
    throw this.#displaced(
      `its file was deleted${and}`,
      `What was stored is lost when this process closes it; until then another process can copy it from ${open.descriptor}.`,
    );
  }

  #isWalEmptied(): boolean {
    try {
      return this.#emptyWal();
    } catch {
      // Whatever keeps it from that, such as a full disk, is not what is to be reported here.
      return false;
    }
  }

  /** `isSaved`: whether who opens the database next finds all that was stored. */
  #displaced(what: string, data: string, isSaved = false): BarkeepError {
    const message = `${this.#name} is not the database that was opened any more: ${what}. ${data}`;
    const details = { path: this.#name, what, data, isSaved };
    return new BarkeepError('CANNOT_OPEN', message, { details });
  }
}
