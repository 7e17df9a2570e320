import { resolve } from 'node:path';
import { invalidInput } from '@barkeep/core';
import type { Persister } from '@barkeep/sqlite-engine';
import { ThreadClient } from '@barkeep/sqlite-engine';
import type { StorageAdapter } from '@barkeep/storage';
import { databaseThreads } from './database-threads.ts';
import { DatabaseFile } from './file/database-file.ts';
import type { FileCalls } from './file/served-file.ts';
import { ThreadFile } from './file/thread-file.ts';
import { SnapshotStorage, type ThreadDatabase } from './snapshot-storage.ts';
import { checkOptions, checkPersister, type SqlJsStorageOptions } from './sqljs-storage-options.ts';
import type { WorkerCalls } from './worker-protocol.ts';

/**
 * Candles in an SQLite database that WebAssembly holds in memory (sql.js), in a thread of its own, and
 * that is saved to a file as a whole: at most `saveDelayMs` after a change, at `flush()` and at
 * `close()`. One process at a time may have the file open.
 *
 * @example
 * const storage = new SqlJsStorage({ path: './market_data.sqlite3' });
 * await storage.open();
 */
export class SqlJsStorage extends SnapshotStorage {
  /** @throws BarkeepError `INVALID_INPUT` naming the option. */
  constructor(options: SqlJsStorageOptions) {
    const checked = checkOptions(options, ['path', 'readOnly']);
    super({ ...checked, persister: persisterOf(options), clock: options.clock });
  }

  protected override _startDatabase(persister: Persister): ThreadDatabase {
    const thread = new ThreadClient<WorkerCalls & FileCalls>(databaseThreads, (error) =>
      this.reportFailure('compaction', error),
    );
    if (!(persister instanceof DatabaseFile)) return { thread, persister };
    const file = new ThreadFile(persister, thread);
    return { thread, persister: file, save: () => file.save() };
  }
}

function persisterOf({ path, readOnly = false, persister }: SqlJsStorageOptions): Persister {
  if (typeof readOnly !== 'boolean') {
    throw invalidInput({ field: 'readOnly', rule: 'must be true or false', value: readOnly });
  }
  if (persister === undefined) return new DatabaseFile(resolve(checkPath(path)), readOnly);
  if (readOnly) {
    throw invalidInput({ field: 'readOnly', rule: 'is up to the persister where there is one' });
  }
  if (path === undefined) return checkPersister(persister);
  throw invalidInput({ field: 'path', rule: 'must be absent when there is a persister' });
}

function checkPath(path: unknown): string {
  const isPath =
    typeof path === 'string' && path.trim() !== '' && !path.includes('\0') && path !== ':memory:';
  if (isPath) return path;
  const rule = 'must be the path of a file; for candles in memory use @barkeep/storage-memory';
  throw invalidInput({ field: 'path', rule, value: path });
}

/** Makes storages from `sqljs:<path>`. */
export const sqljsAdapter: StorageAdapter = {
  kind: 'storage',
  schemes: {
    sqljs: {
      platform: 'node',
      target: { option: 'path', kind: 'path' },
      parameters: { saveDelayMs: 'count', readOnly: 'switch', archive: 'text' },
      create: (options: SqlJsStorageOptions) => new SqlJsStorage(options),
    },
  },
};
