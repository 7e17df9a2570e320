import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileFailure, systemCode } from '@barkeep/core';

/** What a database takes of its disk besides its own file, and what is left there. */
export interface DiskUsage {
  readonly walBytes: number;
  /** For this user. */
  readonly freeBytes: number;
}

/**
 * Looking opens nothing: closing any other descriptor of the file would drop SQLite's locks.
 * @throws BarkeepError when the disk cannot be looked at.
 */
export async function diskUsage(path: string): Promise<DiskUsage> {
  try {
    const [walBytes, disk] = await Promise.all([sizeIfThere(`${path}-wal`), statfs(dirname(path))]);
    return { walBytes, freeBytes: disk.bavail * disk.bsize };
  } catch (error) {
    throw fileFailure(error, path);
  }
}

async function sizeIfThere(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
