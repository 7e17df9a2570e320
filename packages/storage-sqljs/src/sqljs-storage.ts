import { type EngineCaller, EngineStorage } from '@barkeep/sqlite-engine';
import { DatabaseFile } from './database-file.ts';
import { DatabaseThread } from './database-thread.ts';
import { SnapshotSaver } from './snapshot-saver.ts';
import {
  type CheckedSqlJsStorageOptions,
  checkOptions,
  type SqlJsStorageOptions,
} from './sqljs-storage-options.ts';

/**
 * Candles in an SQLite database that WebAssembly holds in memory (sql.js), in a thread of its own, and
 * that is saved to a file as a whole: at most `saveDelayMs` after a change, at `flush()` and at
 * `close()`. One process at a time may have the file open.
 *
 * @example
 * await using storage = new SqlJsStorage({ path: './market_data.sqlite3' });
 * await storage.open();
 */
export class SqlJsStorage extends EngineStorage {
  readonly #options: CheckedSqlJsStorageOptions;
  readonly #file: DatabaseFile;
  readonly #saver: SnapshotSaver;
  readonly #changing: EngineCaller;
  #thread: DatabaseThread | undefined;

  /** @throws BarkeepError `INVALID_INPUT` naming the option. */
  constructor(options: SqlJsStorageOptions) {
    const checked = checkOptions(options);
    super(
      'storage-sqljs',
      {
        durability: 'snapshot',
        changes: 'process',
        sharing: 'exclusive',
        platforms: ['node'],
        revisions: true,
        integrity: true,
        maintenance: true,
        backup: false,
      },
      { clock: options.clock },
    );
    this.#options = checked;
    this.#file = new DatabaseFile(checked.path);
    this.#saver = new SnapshotSaver({
      clock: this.clock,
      delayMs: checked.saveDelayMs,
      save: async () => this.#file.save(await this.#opened().call('snapshot', [])),
    });
    this.#changing = {
      call: async (method, parameters, transfer) => {
        try {
          return await this.#opened().call(method, parameters, transfer);
        } finally {
          this.#saver.touch();
        }
      },
    };
  }

  protected override get reader(): EngineCaller {
    return this.#opened();
  }

  protected override get writer(): EngineCaller {
    return this.#changing;
  }

  protected override async _open(): Promise<void> {
    const bytes = await this.#file.load();
    const thread = new DatabaseThread();
    try {
      const { archive } = this.#options;
      const settings = { journal: 'memory', synchronous: 'off', writer: 0 } as const;
      const moved = bytes?.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
      await thread.call('open', [{ ...settings, archive, bytes }], moved);
    } catch (error) {
      await thread.close();
      throw error;
    }
    this.#thread = thread;
    // The file of a new database is there from the first save on.
    if (bytes === undefined) this.#saver.touch();
  }

  /** What could not be saved is lost: the caller is told, and nothing is left open. */
  protected override async _close(): Promise<void> {
    this.#saver.stop();
    try {
      if (this.#thread !== undefined) await this.#saver.flush();
    } finally {
      await this.#thread?.close();
      this.#thread = undefined;
    }
  }

  protected override _flush(): Promise<void> {
    return this.#saver.flush();
  }

  #opened(): DatabaseThread {
    if (this.#thread === undefined) throw this.notOpen();
    return this.#thread;
  }
}
