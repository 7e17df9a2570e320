import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { BarkeepError, fileFailure } from '@barkeep/core';

/**
 * Checks that a database can be kept at a real path, without opening anything.
 * @throws BarkeepError `CANNOT_OPEN`, `READ_ONLY` or `CORRUPT`.
 */
export function assertUsablePath(path: string): void {
  const wal = `${path}-wal`;
  const walBytes = lookAt(wal)?.size ?? 0;
  const found = lookAt(path);
  if (found?.isFile() === false) {
    throw new BarkeepError('CANNOT_OPEN', `cannot use ${path}: it is not a file`, {
      details: { path },
    });
  }
  for (const needed of found === undefined ? [dirname(path)] : [dirname(path), path]) {
    try {
      accessSync(needed, constants.R_OK | constants.W_OK);
    } catch (error) {
      throw fileFailure(error, needed, 'CANNOT_OPEN');
    }
  }
  if ((found?.size ?? 0) > 0 || walBytes === 0) return;
  throw new BarkeepError(
    'CORRUPT',
    `${path} is ${found === undefined ? 'missing' : 'empty'}, and its latest changes are still in ${wal}: put the database back, or move that file away to begin anew`,
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
