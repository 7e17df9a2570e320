import { type DatabaseLocation, type FileLookup, inodeOf } from './database-location.ts';

/** What is used of `node:fs` and `node:path` besides. */
export interface LinkLookup extends FileLookup {
  readonly fs: FileLookup['fs'] & {
    statSync(path: string): { readonly nlink: number };
    readdirSync(path: string): readonly string[];
    existsSync(path: string): boolean;
  };
  readonly path: FileLookup['path'] & { join(...paths: string[]): string };
}

/**
 * The path by which a database has a write-ahead log or a journal: its own, or that of a hard link in
 * the same directory. SQLite names both after the path by which it opened the file, so by another it
 * would miss what only they have.
 */
export function pathWithLog({ path, inode }: DatabaseLocation, lookup: LinkLookup): string {
  const { fs, path: paths } = lookup;
  if (inode === undefined || fs.statSync(path).nlink === 1) return path;
  const directory = paths.dirname(path);
  const hasLog = (name: string): boolean =>
    ['-wal', '-journal'].some((suffix) => fs.existsSync(`${name}${suffix}`));
  if (hasLog(path)) return path;
  const names = fs.readdirSync(directory).map((name) => paths.join(directory, name));
  return names.find((name) => hasLog(name) && inodeOf(name, fs) === inode) ?? path;
}
