import { randomInt } from 'node:crypto';
import {
  CANDLE_COLUMNS,
  type Candle,
  type CandleColumns,
  CandleSeries,
  type EpochMs,
  type Interval,
  type SeriesKey,
  throwIfAborted,
} from '@barkeep/core';
import { type CompactionStep, CompactionTally } from '@barkeep/sqlite-engine';
import {
  AbstractMarketDataStorage,
  type BatchOutcome,
  type CheckedBatch,
  type CheckedQuery,
  type CompactionReport,
  type CoverageEntry,
  EVER,
  type IntegrityReport,
  type QuarantineReport,
  type RemovalOutcome,
  type SeriesFilter,
  type SeriesInfo,
  type StorageSize,
} from '@barkeep/storage';
import { assertUsablePath } from './database-path.ts';
import { readSideBySide } from './read-side-by-side.ts';
import { RemoteChangePoll } from './remote-change-poll.ts';
import { assertCompatible, installedVersions } from './runtime-versions.ts';
import { SqliteConnections } from './sqlite-connections.ts';
import { checkOptions, type SqliteStorageOptions } from './sqlite-storage-options.ts';
import { WorkerClient } from './worker-client.ts';
import { type ConnectionOptions, columnBuffers } from './worker-protocol.ts';

/** As many as `crypto.randomInt` offers: two connections get the same one practically never. */
const WRITER_NUMBERS = 2 ** 48 - 1;

/**
 * Candles in an SQLite database, through better-sqlite3. All SQLite work runs in worker threads, and
 * columns move there and back without being copied, so the event loop stays free. Several processes
 * may have the same database open.
 *
 * @example
 * await using storage = new SqliteStorage({ path: './market_data.sqlite3' });
 * await storage.open();
 */
export class SqliteStorage extends AbstractMarketDataStorage {
  readonly #options: Omit<ConnectionOptions, 'access'>;
  readonly #readers: number;
  readonly #poll: RemoteChangePoll;
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
        integrity: true,
        maintenance: true,
        backup: false,
      },
      { clock: options.clock },
    );
    this.#options = {
      path,
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
      read: () => this.use(() => this.#opened().follower.call('readChanges', [])),
      publish: (event) => this.publish(event),
    });
  }

  protected override async _open(): Promise<void> {
    assertCompatible(installedVersions());
    assertUsablePath(this.#options.path);
    this.#connections = await SqliteConnections.open(this.#options, this.#readers);
  }

  protected override async _close(): Promise<void> {
    this.#poll.stop();
    await this.#connections?.close();
  }

  protected override async _flush(): Promise<void> {
    // With `synchronous = full` every commit is on the disk already.
    if (this.#options.synchronous !== 'full') await this.#opened().writer.call('checkpoint', []);
  }

  protected override _write(batches: readonly CheckedBatch[]): Promise<readonly BatchOutcome[]> {
    const sent = batches.map(({ key, series, covers, source, collectedAt }) => {
      const { timestamp, open, high, low, close, volume } = series;
      return {
        key,
        columns: { timestamp, open, high, low, close, volume },
        covers,
        source,
        collectedAt,
      };
    });
    const moved = columnBuffers(sent.map(({ columns }) => columns));
    return this.#opened().writer.call('write', [sent], moved);
  }

  protected override async _read(query: CheckedQuery): Promise<CandleSeries> {
    return CandleSeries.fromTrustedColumns(query.key, await this.#readColumnsOf(query));
  }

  #readColumnsOf(query: CheckedQuery): Promise<CandleColumns> {
    const { reader, idleReader } = this.#opened();
    return idleReader === undefined
      ? reader.call('readColumns', [query, CANDLE_COLUMNS])
      : readSideBySide(query, reader, idleReader);
  }

  protected override _readColumns<C extends keyof Candle>(
    query: CheckedQuery,
    columns: readonly C[],
  ): Promise<Pick<CandleColumns, C>> {
    return this.#opened().reader.call('readColumns', [query, columns]);
  }

  protected override async _readMany(queries: readonly CheckedQuery[]): Promise<CandleSeries[]> {
    const answers = await this.#opened().reader.call('readMany', [queries]);
    return queries.flatMap(({ key }, i) => {
      const columns = answers[i];
      return columns === undefined ? [] : [CandleSeries.fromTrustedColumns(key, columns)];
    });
  }

  protected override _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
    return this.#opened().writer.call('remove', [key, range]);
  }

  protected override _list(filter: SeriesFilter): Promise<SeriesInfo[]> {
    return this.#opened().reader.call('list', [filter]);
  }

  protected override _addCoverage(key: SeriesKey, entry: CoverageEntry): Promise<void> {
    return this.#opened().writer.call('addCoverage', [key, entry]);
  }

  protected override _coverageOf(key: SeriesKey, range: Interval): Promise<CoverageEntry[]> {
    return this.#opened().reader.call('coverageOf', [key, range]);
  }

  protected override _removeCoverage(key: SeriesKey, range: Interval): Promise<void> {
    return this.#opened().writer.call('removeCoverage', [key, range]);
  }

  protected override _getMetadata(key: string): Promise<string | undefined> {
    return this.#opened().reader.call('getMetadata', [key]);
  }

  protected override _setMetadata(key: string, text: string): Promise<void> {
    return this.#opened().writer.call('setMetadata', [key, text]);
  }

  protected override _deleteMetadata(key: string): Promise<boolean> {
    return this.#opened().writer.call('deleteMetadata', [key]);
  }

  protected override _metadataKeys(prefix: string): Promise<string[]> {
    return this.#opened().reader.call('metadataKeys', [prefix]);
  }

  protected override _size(): Promise<StorageSize> {
    return this.#opened().reader.call('size', []);
  }

  protected override _checkIntegrity(key: SeriesKey | undefined): Promise<IntegrityReport> {
    return this.#onOwnConnection('read-only', (own) => own.call('checkIntegrity', [key]));
  }

  protected override _quarantine(key: SeriesKey | undefined): Promise<QuarantineReport> {
    return this.#onOwnConnection('read-write', (own) => own.call('quarantine', [key]));
  }

  protected override _explain(filter: SeriesFilter): Promise<CompactionReport> {
    return this.#onOwnConnection('read-only', (own) => own.call('explain', [filter]));
  }

  /** Step by step, so that other writes take their turns. */
  protected override async _compact(
    filter: SeriesFilter,
    signal: AbortSignal | undefined,
  ): Promise<CompactionReport> {
    const { reader, writer } = this.#opened();
    const tally = new CompactionTally();
    for (const { symbol, timeframe } of await reader.call('list', [filter])) {
      const key = { symbol, timeframe };
      tally.begin(await writer.call('archiveFigures', [key]));
      for (let from: EpochMs | undefined = EVER.from; from !== undefined; ) {
        throwIfAborted(signal);
        // Closing does not wait for a compaction: the next one goes on where this one was.
        if (this.state !== 'open') return tally.report;
        const step: CompactionStep | undefined = await writer.call('compactSeries', [key, from]);
        if (step !== undefined) tally.add(step);
        from = step?.next;
      }
    }
    return tally.report;
  }

  /** For what may take long: no other call shall wait for it. */
  async #onOwnConnection<T>(
    access: ConnectionOptions['access'],
    work: (own: WorkerClient) => Promise<T>,
  ): Promise<T> {
    const own = new WorkerClient();
    try {
      await own.call('open', [{ ...this.#options, access }]);
      return await work(own);
    } finally {
      await own.close();
    }
  }

  protected override _watchChanges(): void {
    this.#poll.start();
  }

  protected override _unwatchChanges(): void {
    this.#poll.stop();
  }

  #opened(): SqliteConnections {
    if (this.#connections === undefined) throw this.notOpen();
    return this.#connections;
  }
}
