import { BarkeepError, type Clock, fileFailure, ListenerSet } from '@barkeep/core';
import type { Persister } from '@barkeep/sqlite-engine';
import {
  descriptionOf,
  type EngineCaller,
  EngineStorage,
  runSliced,
  type Slice,
  type ThreadClient,
} from '@barkeep/sqlite-engine';
import type {
  BackupCall,
  BackupMedium,
  BackupSource,
  CheckedBackup,
  CheckedRestore,
  CreatedBackup,
  RestoredBackup,
  VerifiedBackup,
} from '@barkeep/storage';
import { usableImage } from './database-image.ts';
import type { SaveStatus } from './save-status.ts';
import { SnapshotSaver } from './snapshot-saver.ts';
import type { CheckedSnapshotOptions } from './sqljs-storage-options.ts';
import type { ImageJobs, ImageRequest, ImageRequestOf, WorkerCalls } from './worker-protocol.ts';

/** A thread that runs a database, and who keeps that. */
export interface ThreadDatabase {
  readonly thread: ThreadClient<WorkerCalls>;
  readonly persister: Persister;
  /** Saves what the thread has, where that takes no more than a word to it. */
  readonly save?: () => Promise<void>;
}

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
  readonly #given: Persister;
  readonly #saver: SnapshotSaver;
  readonly #changing: EngineCaller;
  readonly #saveErrors = new ListenerSet<BarkeepError>();
  #database: ThreadDatabase | undefined;

  constructor(options: SnapshotStorageOptions) {
    const { persister, saveDelayMs, onSaveError, archive, clock } = options;
    super(
      'storage-sqljs',
      {
        durability: 'snapshot',
        changes: 'process',
        sharing: 'exclusive',
        platforms: ['node', 'browser'],
        revisions: true,
        integrity: true,
        maintenance: true,
        backup: true,
      },
      { clock },
    );
    this.#archive = archive;
    this.#given = persister;
    this.#saver = new SnapshotSaver({
      clock: this.clock,
      delayMs: saveDelayMs,
      save: () => this.#save(),
      onFailure: (error) => {
        this.#saveErrors.emit(error);
        this.reportFailure('saving', error);
      },
    });
    if (onSaveError !== undefined) this.#saveErrors.add(onSaveError);
    this.#changing = {
      call: async (method, parameters, transfer) => {
        try {
          return await this.#opened().thread.call(method, parameters, transfer);
        } finally {
          this.#saver.touch();
        }
      },
    };
  }

  /** How saving stands: what is unsaved, and the last failure with its time. */
  get saveStatus(): SaveStatus {
    return this.#saver.status;
  }

  /**
   * The whole database as the bytes of an SQLite file, as it is now, saved or not: for a download, or a
   * copy elsewhere.
   * @throws BarkeepError `NOT_OPEN`.
   */
  export(): Promise<Uint8Array> {
    return this.use(() => this.#opened().thread.call('snapshot', []));
  }

  /** Begins to save at once, as when the page may end. */
  protected saveSoon(): void {
    this.#saver.hurry();
  }

  /** Starts a thread; the persister is the one that was given, or one that does the same elsewhere. */
  protected abstract _startDatabase(persister: Persister): ThreadDatabase;

  protected override get reader(): EngineCaller {
    return this.#opened().thread;
  }

  protected override get writer(): EngineCaller {
    return this.#given.readOnly === true ? this.reader : this.#changing;
  }

  protected override async _open(): Promise<void> {
    const database = this._startDatabase(this.#given);
    try {
      const bytes = await this.#load(database.persister);
      const settings = { journal: 'memory', synchronous: 'off', writer: 0 } as const;
      const moved = bytes?.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
      const isReadOnly = this.#given.readOnly === true;
      if (isReadOnly && bytes === undefined) throw nothingToRead(database.persister.name);
      const access = isReadOnly ? 'read-only' : 'read-write';
      const options = { ...settings, access, archive: this.#archive, bytes } as const;
      await database.thread.call('open', [options], moved);
      this.#database = database;
      // What keeps a new database has it from the first save on.
      if (bytes === undefined) this.#saver.touch();
    } catch (error) {
      // Why it did not open says more than what follows from that.
      await letGo(database).catch(() => undefined);
      throw error;
    }
  }

  /** What could not be saved is lost: the caller is told, and nothing is left open. */
  protected override async _close(): Promise<void> {
    this.#saver.stop();
    const database = this.#database;
    if (database === undefined) return;
    try {
      await this._flush();
    } finally {
      this.#database = undefined;
      await letGo(database);
    }
  }

  protected override async _flush(): Promise<void> {
    await this.#saver.flush();
    await this.#check();
  }

  protected override _backupMedia(): readonly BackupMedium[] {
    return ['bytes'];
  }

  protected override async _createBackup(call: CheckedBackup): Promise<CreatedBackup> {
    const job = { id: crypto.randomUUID(), createdAt: this.clock.now() };
    const { record, content } = await this.#runBackup({ kind: 'create', job }, call);
    const bytes = content.length;
    return { ...descriptionOf(record), path: undefined, content, bytes, omitted: [] };
  }

  protected override async _verifyBackup(
    from: BackupSource,
    call: BackupCall,
  ): Promise<VerifiedBackup> {
    const bytes = bytesOf(from);
    const { record, problems } = await this.#runBackup({ kind: 'verify', job: { bytes } }, call);
    return { backup: record && descriptionOf(record), problems, bytes: bytes.length };
  }

  protected override async _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
    const { from, overwrite } = restore;
    if (this.#given.readOnly === true) throw isReadOnly(this.#given.name);
    const job = { bytes: bytesOf(from), overwrite };
    try {
      const record = await this.#runBackup({ kind: 'restore', job }, restore);
      return { ...descriptionOf(record), path: undefined };
    } finally {
      this.#saver.touch();
    }
  }

  #runBackup<K extends keyof ImageJobs>(
    request: ImageRequestOf<K>,
    call: BackupCall,
  ): Promise<ReturnType<ImageJobs[K]>> {
    const { thread } = this.#opened();
    // A request of one kind is one of them, and each kind has its result: the type checker sees neither.
    type Sliced = Promise<Slice<ReturnType<ImageJobs[K]>>>;
    const work = {
      begin: () => thread.call('beginBackup', [request as ImageRequest]),
      continue: (ms: number) => thread.call('continueBackup', [ms]) as Sliced,
      end: () => thread.call('endBackup', []),
    };
    return runSliced(work, call);
  }

  async #load(persister: Persister): Promise<Uint8Array | undefined> {
    try {
      const bytes = await persister.load();
      return bytes && usableImage(bytes, persister.name);
    } catch (error) {
      throw fileFailure(error, persister.name);
    }
  }

  async #save(): Promise<void> {
    const { thread, persister, save } = this.#opened();
    try {
      if (save !== undefined) await save();
      else await persister.save(await thread.call('snapshot', []));
    } catch (error) {
      throw fileFailure(error, persister.name);
    }
  }

  async #check(): Promise<void> {
    const { persister } = this.#opened();
    try {
      await persister.check?.();
    } catch (error) {
      throw fileFailure(error, persister.name);
    }
  }

  #opened(): ThreadDatabase {
    if (this.#database === undefined) throw this.notOpen();
    return this.#database;
  }
}

function bytesOf(from: BackupSource): Uint8Array {
  if (typeof from !== 'string') return from;
  throw new TypeError('a backup is bytes');
}

function isReadOnly(name: string): BarkeepError {
  return new BarkeepError('READ_ONLY', `${name} was opened for reading only`, {
    details: { path: name },
  });
}

function nothingToRead(name: string): BarkeepError {
  const message = `there is no database ${name} to read: open it for writing first`;
  return new BarkeepError('CANNOT_OPEN', message, { details: { path: name } });
}

/** The persister first: it may need the thread. */
async function letGo({ thread, persister }: ThreadDatabase): Promise<void> {
  try {
    await persister.close();
  } finally {
    await thread.close();
  }
}
