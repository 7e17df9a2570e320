import { randomInt, randomUUID } from 'node:crypto';
import { CandleSeries, throwIfAborted } from '@barkeep/core';
import { descriptionOf, type EngineCaller, EngineStorage } from '@barkeep/sqlite-engine';
import type {
  BackupCall,
  BackupSource,
  CheckedBackup,
  CheckedPrune,
  CheckedQuery,
  CheckedRestore,
  CreatedBackup,
  PruneReport,
  RestoredBackup,
  StorageAdapter,
  StorageSize,
  VacuumReport,
  VerifiedBackup,
} from '@barkeep/storage';
import { assertRoomToVacuum } from './assert-room-to-vacuum.ts';
import { databasePath } from './database-path.ts';
import { diskUsage } from './disk-usage.ts';
import { HeldDatabaseFile } from './held-database-file.ts';
import { processToken } from './process-token.ts';
import { readSideBySide } from './read-side-by-side.ts';
import { RemoteChangePoll } from './remote-change-poll.ts';
import { runBackup } from './run-backup.ts';
import { assertCompatible, installedVersions } from './runtime-versions.ts';
import { holding, pruneBackups, restoreBackup, verifyBackup } from './sqlite-backups.ts';
import { type ReaderCount, SqliteConnections } from './sqlite-connections.ts';
import { checkOptions, type SqliteStorageOptions } from './sqlite-storage-options.ts';
import { WorkerClient } from './worker-client.ts';
import type { ConnectionOptions } from './worker-protocol.ts';

/** As many as `crypto.randomInt` offers: two connections get the same one practically never. */
const WRITER_NUMBERS = 2 ** 48 - 1;

/**
 * Candles in an SQLite database, through better-sqlite3. All SQLite work runs in worker threads, and
 * columns move there and back without being copied, so the event loop stays free. Several processes
 * may have the same database open.
 *
 * @example
 * const storage = new SqliteStorage({ path: './market_data.sqlite3' });
 * await storage.open();
 */
export class SqliteStorage extends EngineStorage {
  readonly #options: Omit<ConnectionOptions, 'access' | 'path'>;
  readonly #readers: ReaderCount;
  readonly #poll: RemoteChangePoll;
  #file: HeldDatabaseFile | undefined;
  #connections: SqliteConnections | undefined;

  /** @throws BarkeepError `INVALID_INPUT` naming the option. */
  constructor(options: SqliteStorageOptions) {
    const { path, durability, busyTimeoutMs, readers, changePollMs, archive } =
      checkOptions(options);
    super(
      'storage-sqlite',
      {
        durability,
        changes: 'shared',
        sharing: 'multi-process',
        platforms: ['node'],
        revisions: true,
        integrity: true,
        maintenance: true,
        backup: true,
      },
      { clock: options.clock },
    );
    this.#options = {
      name: path,
      busyTimeoutMs,
      journal: 'wal',
      archive,
      synchronous: durability === 'power-loss' ? 'full' : 'normal',
      writer: randomInt(WRITER_NUMBERS),
    };
    this.#readers = readers;
    this.#poll = new RemoteChangePoll({
      clock: this.clock,
      intervalMs: changePollMs,
      read: () => this.use(() => this.#opened().writer.call('readChanges', [])),
      publish: (event) => this.publish(event),
      reportFailure: (error) => this.reportFailure('change-feed', error),
    });
  }

  protected override async _open(): Promise<void> {
    assertCompatible(installedVersions());
    const file = HeldDatabaseFile.hold(this.#options.name);
    try {
      const { path, inode } = file;
      const options = { ...this.#options, path, inode };
      this.#connections = await SqliteConnections.open(options, this.#readers, {
        ofCompaction: (error) => this.reportFailure('compaction', error),
        ofReader: (error) => this.reportFailure('reading', error),
      });
      file.identify(this.#connections.file?.inode);
      this.#file = file;
    } catch (error) {
      file.release();
      throw error;
    }
  }

  protected override async _close(): Promise<void> {
    this.#poll.stop();
    try {
      await this.#connections?.close();
    } finally {
      this.#file?.release();
    }
  }

  protected override async _flush(): Promise<void> {
    const { writer } = this.#opened();
    // With `synchronous = full` every commit is on the disk already.
    await writer.call(this.#options.synchronous === 'full' ? 'assertKept' : 'checkpoint', []);
  }

  protected override async _size(): Promise<StorageSize> {
    const [size, disk] = await Promise.all([super._size(), diskUsage(this.#held().path)]);
    return { ...size, ...disk };
  }

  protected override get reader(): EngineCaller {
    return this.#opened().reader;
  }

  protected override get writer(): EngineCaller {
    return this.#opened().writer;
  }

  protected override async _read(query: CheckedQuery): Promise<CandleSeries> {
    const columns = await readSideBySide(query, this.#opened());
    return CandleSeries.fromTrustedColumns(query.key, columns);
  }

  /** On a connection of its own, where there can be another: no other call shall wait for it. */
  protected override async apart<T>(
    access: ConnectionOptions['access'],
    work: (own: EngineCaller) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    // Another database in the place of this one is not to be touched.
    const { writer, file } = this.#opened();
    await writer.call('assertKept', []);
    if (file?.isAlone) return work(writer);
    return this.#onOwnConnection(access, work, signal);
  }

  protected override _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
    const { to, overwrite, since, ...call } = backup;
    return holding(to, async (path) => {
      const { writer, file } = this.#opened();
      await writer.call('assertKept', []);
      const job = {
        to: path,
        overwrite,
        since: since === undefined ? undefined : databasePath(since),
        id: randomUUID(),
        createdAt: this.clock.now(),
        path: this.#held().path,
        process: processToken(),
      };
      const request = { kind: 'create', job } as const;
      // Where there can be no other connection, writes must not come between two steps.
      const { record, bytes, omitted } = file?.isAlone
        ? await runBackup(writer, request, call, Number.POSITIVE_INFINITY)
        : await this.#onOwnConnection('read-only', (own) => runBackup(own, request, call));
      const content = undefined;
      return { ...descriptionOf(record), path: databasePath(to), content, bytes, omitted };
    });
  }

  protected override _verifyBackup(from: BackupSource, call: BackupCall): Promise<VerifiedBackup> {
    return verifyBackup(from, call);
  }

  protected override _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
    return restoreBackup(restore);
  }

  protected override _pruneBackups(prune: CheckedPrune): Promise<PruneReport> {
    return pruneBackups(prune);
  }

  protected override async _vacuum(signal: AbortSignal | undefined): Promise<VacuumReport> {
    await assertRoomToVacuum(this.#held().path);
    return super._vacuum(signal);
  }

  protected override _watchChanges(): void {
    this.#poll.start();
  }

  protected override _unwatchChanges(): void {
    this.#poll.stop();
  }

  /**
   * When the signal fires, the thread ends as soon as the statement under way has, and SQLite undoes what it
   * was at.
   */
  async #onOwnConnection<T>(
    access: ConnectionOptions['access'],
    work: (own: WorkerClient) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { file } = this.#opened();
    const own = new WorkerClient((error) => this.reportFailure('compaction', error));
    const end = (): void => void own.kill();
    signal?.addEventListener('abort', end, { once: true });
    try {
      await own.call('open', [{ ...this.#options, path: this.#held().path, ...file, access }]);
      return await work(own);
    } catch (error) {
      throwIfAborted(signal);
      throw error;
    } finally {
      signal?.removeEventListener('abort', end);
      await own.close();
    }
  }

  #held(): HeldDatabaseFile {
    if (this.#file === undefined) throw this.notOpen();
    return this.#file;
  }

  #opened(): SqliteConnections {
    if (this.#connections === undefined) throw this.notOpen();
    return this.#connections;
  }
}

/** Makes storages from `sqlite:<path>`. */
export const sqliteAdapter: StorageAdapter = {
  kind: 'storage',
  schemes: {
    sqlite: {
      platform: 'node',
      target: { option: 'path', kind: 'path' },
      parameters: {
        durability: 'text',
        busyTimeoutMs: 'count',
        readers: 'count',
        changePollMs: 'count',
        archive: 'text',
      },
      create: (options: SqliteStorageOptions) => new SqliteStorage(options),
    },
  },
};
