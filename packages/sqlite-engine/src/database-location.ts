import { systemCode } from '@barkeep/core';

/** Where a database is: the same for every name that leads to its file. */
export interface DatabaseLocation {
  /** The real path: no part of it is a link. SQLite keeps the WAL beside this one. */
  readonly path: string;
  /** Device and inode, which hard links share; `undefined` while there is no file. */
  readonly inode: string | undefined;
}

/** What is used of `node:fs` and `node:path`, which this package cannot import: it also runs in browsers. */
export interface FileLookup {
  readonly fs: {
    statSync(
      path: string,
      options: { readonly bigint: true; readonly throwIfNoEntry: false },
    ): { readonly dev: bigint; readonly ino: bigint } | undefined;
    realpathSync(path: string): string;
    readlinkSync(path: string): string;
  };
  readonly path: {
    dirname(path: string): string;
    basename(path: string): string;
    resolve(...paths: string[]): string;
  };
}

/** As many as Linux follows. */
const MOST_LINKS = 40;

/**
 * Finds the file that a path leads to, without opening it: closing a descriptor of a database file
 * would drop every lock that SQLite holds on it in this process. A link may lead to a file that does
 * not exist yet.
 *
 * @throws Error of the file system, such as `ELOOP`.
 */
export function locateDatabase(path: string, lookup: FileLookup): DatabaseLocation {
  const real = realPath(path, lookup, MOST_LINKS);
  return { path: real, inode: inodeOf(real, lookup.fs) };
}

/** Device and inode of what is at a path, `undefined` when nothing is. */
export function inodeOf(path: string, fs: Pick<FileLookup['fs'], 'statSync'>): string | undefined {
  const found = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}

function realPath(path: string, lookup: FileLookup, linksLeft: number): string {
  const { fs, path: paths } = lookup;
  const whole = unlessMissing(() => fs.realpathSync(path));
  if (whole !== undefined) return whole;
  const directory = unlessMissing(() => fs.realpathSync(paths.dirname(path)));
  if (directory === undefined) return path;
  const own = paths.resolve(directory, paths.basename(path));
  const target = linksLeft > 0 ? unlessMissing(() => fs.readlinkSync(own)) : undefined;
  return target === undefined
    ? own
    : realPath(paths.resolve(directory, target), lookup, linksLeft - 1);
}

function unlessMissing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    // EINVAL: a file that is no link.
    if (['ENOENT', 'ENOTDIR', 'EINVAL'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
