import { type Clock, fileFailure } from '@barkeep/core';
import { type EngineCaller, EngineStorage, type ThreadClient } from '@barkeep/sqlite-engine';
import { usableImage } from './database-image.ts';
import type { Persister } from './persister.ts';
import { SnapshotSaver } from './snapshot-saver.ts';
import type { CheckedSnapshotOptions } from './sqljs-storage-options.ts';
import type { WorkerCalls } from './worker-protocol.ts';

export type DatabaseThread = ThreadClient<WorkerCalls>;

export interface SnapshotStorageOptions extends CheckedSnapshotOptions {
  readonly persister: Persister;
  readonly clock: Clock | undefined;
}

/**
 * What `SqlJsStorage` is on every platform: a database in the memory of a thread, loaded from a
 * persister and saved to it as a whole. A platform says how its threads start.
 */
export abstract class SnapshotStorage extends EngineStorage {
  readonly #archive: CheckedSnapshotOptions['archive'];
  readonly #persister: Persister;
  readonly #saver: SnapshotSaver;
  readonly #changing: EngineCaller;
  #thread: DatabaseThread | undefined;

  constructor({ persister, saveDelayMs, archive, clock }: SnapshotStorageOptions) {
    super(
      'storage-sqljs',
      {
        durability: 'snapshot',
        changes: 'process',
        sharing: 'exclusive',
        platforms: ['node', 'browser'],
        integrity: true,
        maintenance: true,
        backup: false,
      },
      { clock },
    );
    this.#archive = archive;
    this.#persister = persister;
    this.#saver = new SnapshotSaver({
      clock: this.clock,
      delayMs: saveDelayMs,
      save: async () => this.#save(await this.#opened().call('snapshot', [])),
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

  /** A thread that has no database open yet. */
  protected abstract _startThread(): DatabaseThread;

  protected override get reader(): EngineCaller {
    return this.#opened();
  }

  protected override get writer(): EngineCaller {
    return this.#changing;
  }

  protected override async _open(): Promise<void> {
    try {
      const image = await this.#load();
      this.#thread = await this.#openDatabase(image);
      // What keeps a new database has it from the first save on.
      if (image === undefined) this.#saver.touch();
    } catch (error) {
      await this.#persister.close();
      throw error;
    }
  }

  /** What could not be saved is lost: the caller is told, and nothing is left open. */
  protected override async _close(): Promise<void> {
    this.#saver.stop();
    if (this.#thread === undefined) return;
    try {
      await this.#saver.flush();
    } finally {
      await this.#letGo();
    }
  }

  protected override _flush(): Promise<void> {
    return this.#saver.flush();
  }

  async #load(): Promise<Uint8Array | undefined> {
    const { name } = this.#persister;
    try {
      const bytes = await this.#persister.load();
      return bytes && usableImage(bytes, name);
    } catch (error) {
      throw fileFailure(error, name);
    }
  }

  async #openDatabase(bytes: Uint8Array | undefined): Promise<DatabaseThread> {
    const thread = this._startThread();
    try {
      const settings = { journal: 'memory', synchronous: 'off', writer: 0 } as const;
      const moved = bytes?.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
      await thread.call('open', [{ ...settings, archive: this.#archive, bytes }], moved);
      return thread;
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  async #save(bytes: Uint8Array): Promise<void> {
    try {
      await this.#persister.save(bytes);
    } catch (error) {
      throw fileFailure(error, this.#persister.name);
    }
  }

  async #letGo(): Promise<void> {
    try {
      await this.#thread?.close();
    } finally {
      this.#thread = undefined;
      await this.#persister.close();
    }
  }

  #opened(): DatabaseThread {
    if (this.#thread === undefined) throw this.notOpen();
    return this.#thread;
  }
}
