import { invalidInput } from '@barkeep/core';
import type { Persister } from '@barkeep/sqlite-engine';
import { type SpareThreads, ThreadClient } from '@barkeep/sqlite-engine';
import { SnapshotStorage, type ThreadDatabase } from '../snapshot-storage.ts';
import {
  checkOptions,
  checkPersister,
  type SqlJsStorageOptions,
} from '../sqljs-storage-options.ts';
import { startWebWorker } from '../start-web-worker.ts';
import type { WorkerCalls } from '../worker-protocol.ts';
import { onPageLeft } from './on-page-left.ts';
import { type PersisterCalls, planOf } from './persister-calls.ts';
import { ThreadPersister } from './thread-persister.ts';
import { webWorkerThreads } from './web-worker-threads.ts';

/**
 * Candles in an SQLite database that WebAssembly holds in memory (sql.js), in a Web Worker of its own,
 * and that a persister keeps as a whole: saved at most `saveDelayMs` after a change, when the page is
 * hidden or left, at `flush()` and at `close()`. One page at a time may have it open for writing.
 *
 * @example
 * const storage = new SqlJsStorage({ persister: new BrowserPersister('market_data.sqlite3') });
 * await storage.open();
 */
export class SqlJsStorage extends SnapshotStorage {
  readonly #threads: SpareThreads;
  #threadPersister: ThreadPersister | undefined;
  #stopListening: (() => void) | undefined;

  /** @throws BarkeepError `INVALID_INPUT` naming the option. */
  constructor(options: SqlJsStorageOptions) {
    const checked = checkOptions(options, ['path', 'wasmUrl', 'worker']);
    const { persister, clock, wasmUrl = bundledWasm(), worker = startWebWorker } = options;
    super({ ...checked, persister: checkPersister(persister), clock });
    if (options.path !== undefined) {
      const rule = 'must be absent in a browser, which has no files: give a persister';
      throw invalidInput({ field: 'path', rule, value: options.path });
    }
    const start = typeof worker === 'function' ? worker : absoluteUrl(worker, 'worker');
    this.#threads = webWorkerThreads(start, absoluteUrl(wasmUrl, 'wasmUrl'));
  }

  /** Also gives up waiting for another tab to let go of the database. */
  override close(): Promise<void> {
    if (this.state === 'opening') this.#threadPersister?.giveUp();
    return super.close();
  }

  protected override async _open(): Promise<void> {
    await super._open();
    this.#stopListening = onPageLeft(() => this.saveSoon());
  }

  protected override async _close(): Promise<void> {
    this.#stopListening?.();
    await super._close();
  }

  protected override _startDatabase(persister: Persister): ThreadDatabase {
    const thread = new ThreadClient<WorkerCalls & PersisterCalls>(this.#threads, (error) =>
      this.reportFailure('compaction', error),
    );
    const plan = planOf(persister);
    if (plan === undefined) return { thread, persister };
    const moved = new ThreadPersister(plan, thread);
    this.#threadPersister = moved;
    return { thread, persister: moved, save: () => moved.save() };
  }
}

/** Bundlers recognise this very expression. */
function bundledWasm(): URL {
  return new URL('sql.js/dist/sql-wasm-browser.wasm', import.meta.url);
}

function absoluteUrl(url: string | URL, field: string): string {
  try {
    return new URL(url, location.href).href;
  } catch {
    throw invalidInput({ field, rule: 'must be a URL', value: url });
  }
}
