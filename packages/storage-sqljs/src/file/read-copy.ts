import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeSqlite } from './node-sqlite.ts';
import { untilFree } from './until-free.ts';

const PATIENCE_MS = 5_000;

/**
 * The bytes of a database as its last transaction has left it, also while another program has it open.
 * SQLite makes the copy, among the temporary files: what is in a write-ahead log is not in the file.
 *
 * @throws BarkeepError `BUSY`, `CANNOT_OPEN`, `NOT_A_DATABASE`, `CORRUPT`, `DISK_FULL`, `IO`, `INCOMPATIBLE`.
 */
export async function readCopy(path: string): Promise<Uint8Array> {
  const { DatabaseSync } = nodeSqlite();
  const copy = join(tmpdir(), `barkeep-${randomUUID()}.sqlite3`);
  try {
    await untilFree(path, PATIENCE_MS, () => {
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        database.prepare('VACUUM INTO ?').run(copy);
      } finally {
        database.close();
      }
    });
    return await readFile(copy);
  } finally {
    await rm(copy, { force: true });
  }
}
