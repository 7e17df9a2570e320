import { accessSync, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BarkeepError, invalidInput } from '@barkeep/core';

/**
 * The absolute path of a database file.
 * @throws BarkeepError `INVALID_INPUT` when SQLite would take the text for something else than this file.
 */
export function databasePath(path: unknown): string {
  if (typeof path !== 'string' || path.trim() !== path || path === '' || path.includes('\0')) {
    throw invalidInput({
      field: 'path',
      rule: 'must be the path of a file, without U+0000 and without white space around it',
      value: path,
    });
  }
  if (path === ':memory:') {
    throw invalidInput({
      field: 'path',
      rule: 'must be the path of a file; for candles in memory use @barkeep/storage-memory',
      value: path,
    });
  }
  return resolve(path);
}

/** What https://sqlite.org/fileformat2.html#the_database_header says of the file. */
const HEADER = { bytes: 100, magic: 'SQLite format 3\0', pageSizeAt: 16, pageCountAt: 28 } as const;

/**
 * Checks that a database can live at a path. SQLite would open a file that refuses writes all the
 * same and fail at the first write, and its own messages do not tell the cases apart.
 *
 * @throws BarkeepError `CANNOT_OPEN` or `READ_ONLY`, naming the file or directory.
 */
export function assertUsablePath(path: string): void {
  const directory = dirname(path);
  if (kindOf(directory) !== 'directory') {
    throw cannotOpen(path, `${directory} is not a directory`);
  }
  const kind = kindOf(path);
  if (kind === 'other') throw cannotOpen(path, `${path} is not a file`);
  if (kind === 'directory') throw cannotOpen(path, `${path} is a directory`);
  // The WAL lies next to the database, so the directory must take writes too.
  assertWritable(directory);
  if (kind !== 'file') return;
  assertWritable(path);
  assertWhole(path);
}

/**
 * SQLite notices missing pages when it opens a database, but not that the last one is incomplete:
 * it would read zeros. While there is a WAL, the file alone says nothing.
 */
function assertWhole(path: string): void {
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(HEADER.bytes);
    readSync(file, header, 0, header.length, 0);
    if (!header.toString('latin1').startsWith(HEADER.magic)) return;
    const pageSize = header.readUInt16BE(HEADER.pageSizeAt);
    const expected = (pageSize === 1 ? 65_536 : pageSize) * header.readUInt32BE(HEADER.pageCountAt);
    const { size } = fstatSync(file);
    if (size >= expected || statSync(`${path}-wal`, { throwIfNoEntry: false })?.size) return;
    throw new BarkeepError('CORRUPT', `${path} has been cut short`, {
      details: { path, bytes: size, expected },
    });
  } finally {
    closeSync(file);
  }
}

function kindOf(path: string): 'file' | 'directory' | 'other' | 'missing' {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'missing';
  if (found.isFile()) return 'file';
  return found.isDirectory() ? 'directory' : 'other';
}

function assertWritable(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw new BarkeepError('READ_ONLY', `${path} cannot be read and written`, {
      cause,
      details: { path },
    });
  }
}

function cannotOpen(path: string, reason: string): BarkeepError {
  return new BarkeepError('CANNOT_OPEN', `cannot open the database: ${reason}`, {
    details: { path },
  });
}
