import { BarkeepError } from '@barkeep/core';
import type { DatabaseLocation } from './database-location.ts';

/** Whether others in this process may have the file open too. */
export type DatabaseFileUse = 'shared' | 'exclusive';

/** The database files that this process has open. */
export interface OpenDatabaseFiles {
  /**
   * Enters a file, before it is opened. Where a new file comes into being, enter it again and release
   * the first entry.
   * @param use Default: `shared`.
   * @throws BarkeepError `BUSY` when it is open and one of the two uses is exclusive.
   */
  add(file: DatabaseLocation, use?: DatabaseFileUse): void;

  /** Takes one entry back: one that was added with the same path and inode. */
  release(file: DatabaseLocation): void;

  /** Whether it is open, by whichever name. */
  has(file: DatabaseLocation): boolean;

  /** The path by which it is open. SQLite names the WAL after that, so a hard link must take it too. */
  pathOf(file: DatabaseLocation): string | undefined;
}

interface OpenFile extends DatabaseLocation {
  readonly use: DatabaseFileUse;
}

/** A name that every copy of this module finds the same list by. */
const LIST = Symbol.for('@barkeep/sqlite-engine: open database files');

/**
 * One list for the process, also where this module is loaded twice. POSIX locks belong to the process,
 * so they do not keep its own parts from each other, and whoever opens a file of the list with anything
 * but SQLite and closes it again drops SQLite's locks: look here first. Threads that a program starts by
 * itself have lists of their own.
 */
export const OpenDatabaseFiles: OpenDatabaseFiles = Object.freeze({
  add({ path, inode }: DatabaseLocation, use: DatabaseFileUse = 'shared'): void {
    const others = sameAs({ path, inode });
    if (others.some((other) => other.use === 'exclusive' || use === 'exclusive')) {
      throw new BarkeepError('BUSY', `${path} is already open in this process`, {
        details: { path, use, others: others.map((other) => other.use) },
      });
    }
    list().push({ path, inode, use });
  },

  release({ path, inode }: DatabaseLocation): void {
    const files = list();
    const index = files.findIndex((file) => file.path === path && file.inode === inode);
    if (index !== -1) files.splice(index, 1);
  },

  has: (file: DatabaseLocation): boolean => sameAs(file).length > 0,

  pathOf: (file: DatabaseLocation): string | undefined => sameAs(file)[0]?.path,
});

function sameAs({ path, inode }: DatabaseLocation): OpenFile[] {
  return list().filter(
    (file) => file.path === path || (inode !== undefined && file.inode === inode),
  );
}

function list(): OpenFile[] {
  const shared = globalThis as typeof globalThis & { [LIST]?: OpenFile[] };
  shared[LIST] ??= [];
  return shared[LIST];
}
