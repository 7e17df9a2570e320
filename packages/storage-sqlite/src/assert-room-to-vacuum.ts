import { stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { BarkeepError } from '@barkeep/core';

/**
 * A vacuum writes the database anew into a temporary file, and from there through the write-ahead log:
 * https://sqlite.org/lang_vacuum.html.
 *
 * @throws BarkeepError `DISK_FULL` when one of the two has no room for it.
 */
export async function assertRoomToVacuum(path: string): Promise<void> {
  // Looked up by its name: opening it would drop SQLite's locks when it is closed.
  const { size: needed } = await stat(path);
  for (const directory of [dirname(path), process.env['SQLITE_TMPDIR'] ?? tmpdir()]) {
    const { bavail, bsize } = await statfs(directory);
    const available = bavail * bsize;
    if (available >= needed) continue;
    throw new BarkeepError(
      'DISK_FULL',
      `a vacuum of ${path} needs ${needed} bytes in ${directory}, which has ${available}: make room, or give pages back in steps (incrementalVacuum)`,
      { details: { path, directory, needed, available } },
    );
  }
}
