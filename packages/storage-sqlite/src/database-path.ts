import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BarkeepError, fileFailure, invalidInput } from '@barkeep/core';

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

/**
 * Checks that a database can live at a real path, without opening anything. SQLite would open a file
 * that refuses writes all the same and fail at the first write, and its own messages do not tell the
 * cases apart.
 *
 * @throws BarkeepError `CANNOT_OPEN`, `READ_ONLY` or `CORRUPT`, naming the file or directory.
 */
export function assertUsablePath(path: string): void {
  const directory = dirname(path);
  if (lookAt(directory)?.isDirectory() !== true) {
    throw cannotOpen(path, `${directory} is not a directory`);
  }
  // Before the file: whoever makes a database writes the file first.
  const wal = `${path}-wal`;
  const walBytes = lookAt(wal)?.size ?? 0;
  const found = lookAt(path);
  if (found?.isDirectory()) throw cannotOpen(path, `${path} is a directory`);
  if (found !== undefined && !found.isFile()) throw cannotOpen(path, `${path} is not a file`);
  // The WAL lies next to the database, so the directory must take writes too.
  assertWritable(directory);
  if (found !== undefined) assertWritable(path);
  if ((found?.size ?? 0) > 0 || walBytes === 0) return;
  throw new BarkeepError(
    'CORRUPT',
    `${path} is ${found === undefined ? 'missing' : 'empty'}, and its latest changes are still in ${wal}, which SQLite would delete: put the database back, or move the WAL away to begin anew`,
    { details: { path, wal, walBytes } },
  );
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fileFailure(error, path, 'CANNOT_OPEN');
  }
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
