import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BarkeepError } from '@barkeep/core';
import type { RemoteChanges } from '@barkeep/sqlite-engine';
import { OpenDatabase } from './open-database.ts';
import type { ConnectionOptions, OpenedFile } from './worker-protocol.ts';

/** So much must be free for a database that was opened on a full disk to be opened anew. */
const ROOM_TO_SHARE = 1_048_576;

/**
 * The connection of a thread, shared with other connections and processes again as soon as there is
 * room, where the disk was too full for that when it was opened.
 */
export class SharedDatabase {
  #options: ConnectionOptions | undefined;
  #database: OpenDatabase | undefined;
  #mayHaveMissed = false;

  /** @throws BarkeepError as `OpenDatabase.open`. */
  open(options: ConnectionOptions): OpenedFile {
    this.#database = OpenDatabase.open(options);
    const { inode, isAlone } = this.#database;
    this.#options = { ...options, inode };
    this.#mayHaveMissed = false;
    return { inode, isAlone };
  }

  get opened(): OpenDatabase {
    if (this.#options === undefined) {
      throw new BarkeepError('INTERNAL', 'the worker has no database open');
    }
    this.#database ??= OpenDatabase.open(this.#options);
    return this.#database;
  }

  /** @throws BarkeepError as `OpenDatabase.change`. */
  change<T>(work: () => T): T {
    const result = this.opened.change(work);
    this.#shareAgain();
    return result;
  }

  compactStep(): boolean {
    return this.#database?.compactStep() === true;
  }

  readChanges(): RemoteChanges {
    const { engine } = this.opened;
    if (!this.#mayHaveMissed) return engine.readChanges();
    this.#mayHaveMissed = false;
    return { changes: [], lagged: true, more: true };
  }

  /** @throws BarkeepError as `OpenDatabase.close`. */
  close(): void {
    const closed = this.#database;
    this.#options = undefined;
    this.#database = undefined;
    closed?.close();
  }

  #shareAgain(): void {
    if (this.#options === undefined || this.#database?.isAlone !== true) return;
    const { bavail, bsize } = statfsSync(dirname(this.#options.path));
    if (bavail * bsize < ROOM_TO_SHARE) return;
    const alone = this.#database;
    // Where it cannot be opened at once, such as for another process's lock, the next call opens it.
    this.#database = undefined;
    this.#mayHaveMissed = true;
    alone.close();
  }
}
