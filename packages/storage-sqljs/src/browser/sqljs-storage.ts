import { invalidInput } from '@barkeep/core';
import { type SpareThreads, ThreadClient } from '@barkeep/sqlite-engine';
import type { Persister } from '../persister.ts';
import { SnapshotStorage, type ThreadDatabase } from '../snapshot-storage.ts';
import {
  checkOptions,
  checkPersister,
  type SqlJsStorageOptions,
} from '../sqljs-storage-options.ts';
import { startWebWorker } from '../start-web-worker.ts';
import type { WorkerCalls } from '../worker-protocol.ts';
import { type PersisterCalls, placeOf } from './persister-calls.ts';
import { ThreadPersister } from './thread-persister.ts';
import { webWorkerThreads } from './web-worker-threads.ts';

/**
 * Candles in an SQLite database that WebAssembly holds in memory (sql.js), in a Web Worker of its own,
 * and that a persister keeps as a whole: saved at most `saveDelayMs` after a change, at `flush()` and
 * at `close()`. One page at a time may have it open.
 *
 * @example
 * await using storage = new SqlJsStorage({ persister: new OpfsPersister('market_data.sqlite3') });
 * await storage.open();
 */
export class SqlJsStorage extends SnapshotStorage {
  readonly #threads: SpareThreads;

  /** @throws BarkeepError `INVALID_INPUT` naming the option. */
  constructor(options: SqlJsStorageOptions) {
    const checked = checkOptions(options, ['path', 'wasmUrl', 'worker']);
    const { persister, clock, wasmUrl = bundledWasm(), worker = startWebWorker } = options;
    super({ ...checked, persister: checkPersister(persister), clock });
    if (options.path !== undefined) {
      const rule = 'must be absent in a browser, which has no files: give a persister';
      throw invalidInput({ field: 'path', rule, value: options.path });
    }
    if (typeof worker !== 'function') {
      throw invalidInput({ field: 'worker', rule: 'must be a function', value: worker });
    }
    this.#threads = webWorkerThreads(worker, absoluteUrl(wasmUrl));
  }

  protected override _startDatabase(persister: Persister): ThreadDatabase {
    const thread = new ThreadClient<WorkerCalls & PersisterCalls>(this.#threads);
    const place = placeOf(persister);
    if (place === undefined) return { thread, persister };
    return { thread, persister: new ThreadPersister(persister.name, place, thread) };
  }
}

/** Bundlers recognise this very expression. */
function bundledWasm(): URL {
  return new URL('sql.js/dist/sql-wasm-browser.wasm', import.meta.url);
}

function absoluteUrl(url: string | URL): string {
  try {
    return new URL(url, location.href).href;
  } catch {
    throw invalidInput({ field: 'wasmUrl', rule: 'must be a URL', value: url });
  }
}
