import {
  allocateColumns,
  BarkeepError,
  type CallOptions,
  type CandleColumn,
  CandleSeries,
  type Clock,
  countPeriods,
  type EpochMs,
  faultInBatch,
  gatherAnyTimes,
  gatherCandles,
  Handle,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  invalidInput,
  type JsonValue,
  ListenerSet,
  normalizeIntervals,
  OperationStatistics,
  onlyKnownKeys,
  pickColumns,
  requiredTimestamp,
  runCooperatively,
  type SeriesKey,
  type SomeColumns,
  subtractIntervals,
  systemClock,
  throwIfAborted,
  timeframeGrid,
  type Unsubscribe,
  untilAborted,
  wholePeriodsAround,
  wholePeriodsFrom,
  wholePeriodsInside,
} from '@barkeep/core';
import { ActivityLog } from './activity-log.ts';
import {
  backupCalls,
  type CreatedBackup,
  type RestoredBackup,
  type VerifiedBackup,
} from './backup-calls.ts';
import type {
  CandleBatch,
  CandleQuery,
  CandleScan,
  ICandleRepository,
  SeriesFilter,
  SeriesInfo,
  WriteResult,
} from './candle-repository.ts';
import type { BackgroundFailure, BackgroundWork, ChangeEvent, IChangeFeed } from './change-feed.ts';
import { ChangeGate } from './change-gate.ts';
import type { BackupCall, CheckedBackup, CheckedPrune, CheckedRestore } from './checked-backup.ts';
import {
  type CheckedQuery,
  checkColumns,
  checkFilter,
  checkInterval,
  checkKey,
  checkOptionalRange,
  checkQuery,
  checkRanges,
  checkScan,
  EVER,
} from './checked-query.ts';
import {
  type CheckedSnapshotRange,
  type CheckedSnapshotRequest,
  checkSnapshotRequest,
  wantsCandles,
} from './checked-snapshot-request.ts';
import { coverageWithin } from './coverage-ledger.ts';
import type {
  ContinuityReport,
  CoverageEntry,
  ICoverageRepository,
  Provenance,
} from './coverage-repository.ts';
import type {
  IIntegrityCheck,
  IntegrityReport,
  QuarantineReport,
  RepairReport,
} from './integrity-check.ts';
import { mapCooperatively } from './map-cooperatively.ts';
import type {
  BackgroundStatistics,
  IMarketDataStorage,
  StorageSize,
  StorageStatistics,
} from './market-data-storage.ts';
import {
  parseDocument,
  stringifyDocument,
  validateDocumentKey,
  validateName,
} from './metadata-document.ts';
import type { IMetadataRepository } from './metadata-repository.ts';
import { ProcessRevisions } from './process-revisions.ts';
import type { SeriesSnapshot, SnapshotPart, SnapshotRequest } from './series-snapshot.ts';
import type { BackupMedium, BackupSource, IStorageBackup, PruneReport } from './storage-backup.ts';
import type { StorageCapabilities } from './storage-capabilities.ts';
import type {
  ActivityOptions,
  ActivityReport,
  CompactionReport,
  FragmentationOptions,
  FragmentationReport,
  IncrementalVacuumOptions,
  IStorageMaintenance,
  LeaseRequest,
  MaintenanceAdvice,
  SlowQuery,
  VacuumReport,
} from './storage-maintenance.ts';

/**
 * A batch as an adapter receives it: validated, sorted, without duplicates, in memory of its own,
 * and with at least one candle or one covered period.
 */
export interface CheckedBatch {
  readonly key: SeriesKey;
  /** The candles. The adapter may keep or transfer the columns. */
  readonly series: CandleSeries;
  /** Covered ranges, in whole periods. */
  readonly covers: IntervalSet;
  readonly source: string;
  readonly collectedAt: number;
  /** What to store. Call `uncoveredPart` in the transaction of the write to apply it. */
  readonly replaces: 'all' | 'uncovered';
}

/** The result of one batch. */
export interface BatchOutcome extends WriteResult {
  /** The range of all inserted and updated candles; `undefined` if there were none. */
  readonly changed?: Interval | undefined;
}

/** The result of a removal. */
export interface RemovalOutcome {
  readonly removed: number;
}

export interface AbstractStorageOptions {
  /** Source of time. Default: the system clock. */
  readonly clock?: Clock | undefined;
}

const LEAST: StorageCapabilities = {
  durability: 'volatile',
  changes: 'process',
  sharing: 'exclusive',
  platforms: ['node'],
  revisions: false,
  integrity: false,
  maintenance: false,
  backup: false,
};
const BATCH_KEYS = ['key', 'candles', 'covers', 'source', 'replaces'] as const;
const PROVENANCE_KEYS = ['source', 'collectedAt'] as const;
const LEASE_KEYS = ['name', 'owner', 'forMs'] as const;
const NOTHING_FREED: VacuumReport = Object.freeze({
  pagesBefore: 0,
  pagesAfter: 0,
  freedBytes: 0,
  tookMs: 0,
});
const MAX_SOURCE_LENGTH = 256;
/** How many candles a continuity report reads at a time. */
const CONTINUITY_CHUNK = 65_536;

/**
 * Base class of all storages. It validates arguments, fills in defaults, guards the lifecycle,
 * handles abort signals, measures calls and publishes to the change feed. Extend it and implement
 * the methods that start with an underscore. They receive valid arguments and are only called while
 * the handle is open.
 *
 * @example
 * export class AcmeStorage extends AbstractMarketDataStorage {
 *   constructor(options: AbstractStorageOptions = {}) {
 *     super('storage-acme', { durability: 'process-crash' }, options);
 *   }
 *   protected async _read({ key, ...range }: CheckedQuery) {
 *     return CandleSeries.fromTrustedColumns(key, await this.#db.columns(key, range));
 *   } // and so on: _open, _close, _write, _remove, …
 * }
 */
export abstract class AbstractMarketDataStorage extends Handle implements IMarketDataStorage {
  readonly capabilities: StorageCapabilities;
  readonly candles: ICandleRepository;
  readonly coverage: ICoverageRepository;
  readonly metadata: IMetadataRepository;
  readonly changes: IChangeFeed;
  readonly integrity: IIntegrityCheck | undefined;
  readonly maintenance: IStorageMaintenance | undefined;
  readonly backup: IStorageBackup | undefined;
  protected readonly clock: Clock;
  readonly #listeners = new ListenerSet<ChangeEvent>();
  readonly #statistics: OperationStatistics;
  readonly #written = { inserted: 0, updated: 0, unchanged: 0 };
  readonly #gate = new ChangeGate();
  readonly #leases = new Map<string, { readonly owner: string; readonly until: EpochMs }>();
  /** For adapters without revisions. Created on first use. */
  #ownRevisions: ProcessRevisions | undefined;
  readonly #background: { -readonly [K in keyof BackgroundStatistics]: BackgroundStatistics[K] } = {
    failures: 0,
    lastFailure: undefined,
  };
  #candlesRead = 0;
  readonly #activity: ActivityLog;

  protected constructor(
    name: string,
    capabilities: Partial<StorageCapabilities> = {},
    options: AbstractStorageOptions = {},
  ) {
    super(name);
    this.#statistics = new OperationStatistics({ component: name });
    const platforms = Object.freeze([...(capabilities.platforms ?? LEAST.platforms)]);
    this.capabilities = Object.freeze({ ...LEAST, ...capabilities, platforms });
    this.clock = options.clock ?? systemClock;
    this.#activity = new ActivityLog(this.clock.now());
    this.candles = Object.freeze({
      write: (batches: CandleBatch | readonly CandleBatch[], call?: CallOptions) =>
        this.#write(batches, call),
      read: (query: CandleQuery, call?: CallOptions) => this.#read(query, call),
      readColumns: <C extends CandleColumn>(
        query: CandleQuery,
        columns: readonly C[],
        call?: CallOptions,
      ) => this.#readColumns(query, columns, call),
      readMany: (queries: readonly CandleQuery[], call?: CallOptions) =>
        this.#readMany(queries, call),
      scan: (query: CandleScan, call?: CallOptions) => this.#scan(query, call),
      remove: (key: SeriesKey, range?: Interval, call?: CallOptions) =>
        this.#remove(key, range, call),
      revisions: (key: SeriesKey, ranges: readonly Interval[], call?: CallOptions) =>
        this.#revisions(key, ranges, call),
      snapshots: (requests: readonly SnapshotRequest[], call?: CallOptions) =>
        this.#snapshots(requests, call),
      list: (filter?: SeriesFilter, call?: CallOptions) => this.#list(filter, call),
    });
    this.coverage = Object.freeze({
      add: (key: SeriesKey, interval: Interval, provenance: Provenance, call?: CallOptions) =>
        this.#addCoverage(key, interval, provenance, call),
      of: (key: SeriesKey, range?: Interval, call?: CallOptions) =>
        this.#coverageOf(key, range, call),
      missing: (key: SeriesKey, range: Interval, call?: CallOptions) =>
        this.#missing(key, range, call),
      remove: (key: SeriesKey, range?: Interval, call?: CallOptions) =>
        this.#removeCoverage(key, range, call),
      continuity: (key: SeriesKey, range?: Interval, call?: CallOptions) =>
        this.#continuity(key, range, call),
    });
    this.metadata = Object.freeze({
      get: (key: string, call?: CallOptions) => this.#getMetadata(key, call),
      set: (key: string, value: JsonValue, call?: CallOptions) =>
        this.#setMetadata(key, value, call),
      delete: (key: string, call?: CallOptions) => this.#deleteMetadata(key, call),
      keys: (prefix?: string, call?: CallOptions) => this.#metadataKeys(prefix, call),
    });
    this.changes = Object.freeze({
      subscribe: (listener: (event: ChangeEvent) => void) => this.#subscribe(listener),
      announce: (key: SeriesKey, range?: Interval, call?: CallOptions) =>
        this.#announce(key, range, call),
    });
    this.integrity = capabilities.integrity
      ? Object.freeze({
          check: (key?: SeriesKey, call?: CallOptions) => this.#checkIntegrity(key, call),
          quarantine: (key?: SeriesKey, call?: CallOptions) => this.#quarantine(key, call),
          repair: (key?: SeriesKey, call?: CallOptions) => this.#repair(key, call),
        })
      : undefined;
    this.maintenance = capabilities.maintenance
      ? Object.freeze({
          compact: (filter?: SeriesFilter, call?: CallOptions) => this.#compact(filter, call),
          explain: (filter?: SeriesFilter, call?: CallOptions) => this.#explain(filter, call),
          fragmentation: (call?: FragmentationOptions) => this.#fragmentation(call),
          vacuum: (call?: CallOptions) =>
            this.#call('maintenance.vacuum', call, () => this._vacuum(call?.signal)),
          incrementalVacuum: (call?: IncrementalVacuumOptions) => this.#incrementalVacuum(call),
          analyze: (call?: CallOptions) =>
            this.#call('maintenance.analyze', call, () => this._analyze()),
          reindex: (call?: CallOptions) =>
            this.#call('maintenance.reindex', call, () => this._reindex(call?.signal)),
          advise: (call?: CallOptions) =>
            this.#call('maintenance.advise', call, () => this._advise()),
          slowQueries: (call?: CallOptions) =>
            this.#call('maintenance.slowQueries', call, () => this._slowQueries()),
          activity: (call?: ActivityOptions) => this.#reportActivity(call),
          lease: (request: LeaseRequest, call?: CallOptions) => this.#lease(request, call),
        })
      : undefined;
    this.backup = capabilities.backup ? this.#backupCalls() : undefined;
  }

  async flush(options?: CallOptions): Promise<void> {
    await this.#call('flush', options, () => this._flush());
  }

  async stats(options?: CallOptions): Promise<StorageStatistics> {
    const size = await this.#call('stats', options, () => this._size());
    return {
      operations: this.#statistics.summary(),
      candlesRead: this.#candlesRead,
      candlesInserted: this.#written.inserted,
      candlesUpdated: this.#written.updated,
      candlesUnchanged: this.#written.unchanged,
      size,
      background: { ...this.#background },
    };
  }

  /**
   * Stores one or more batches in order, with their coverage, as one atomic unit. Returns one
   * outcome per batch.
   */
  protected abstract _write(batches: readonly CheckedBatch[]): Promise<readonly BatchOutcome[]>;

  /** Returns the candles in ascending order. `from` is before `to`, and `limit` is at least 1. */
  protected abstract _read(query: CheckedQuery): Promise<CandleSeries>;

  /**
   * Removes candles and coverage in `[from, to)`, atomically. The range is one or more whole
   * periods, or `EVER`.
   */
  protected abstract _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome>;

  /** Lists the series that have candles, in any order. */
  protected abstract _list(filter: SeriesFilter): Promise<SeriesInfo[]>;

  /** Adds an entry of one or more whole periods. `addCoverageEntry` merges it into a ledger. */
  protected abstract _addCoverage(key: SeriesKey, entry: CoverageEntry): Promise<void>;

  /**
   * Returns the entries that touch the range, in ascending order. They need not be clipped to it.
   */
  protected abstract _coverageOf(key: SeriesKey, range: Interval): Promise<CoverageEntry[]>;

  /** Removes coverage. The range is one or more whole periods, or `EVER`. */
  protected abstract _removeCoverage(key: SeriesKey, range: Interval): Promise<void>;

  /** Returns the document's JSON text, or `undefined` if there is none. */
  protected abstract _getMetadata(key: string): Promise<string | undefined>;

  protected abstract _setMetadata(key: string, text: string): Promise<void>;

  /** Returns whether the document existed. */
  protected abstract _deleteMetadata(key: string): Promise<boolean>;

  /** Returns the keys with this prefix, in any order. */
  protected abstract _metadataKeys(prefix: string): Promise<string[]>;

  protected abstract _size(): Promise<StorageSize>;

  /**
   * Reads some columns. Override it if that is cheaper than reading all. Names are valid and
   * unique.
   */
  protected async _readColumns<C extends CandleColumn>(
    query: CheckedQuery,
    columns: readonly C[],
  ): Promise<SomeColumns<C>> {
    return pickColumns(await this._read(query), columns);
  }

  /** Reads several series. Override it if one round trip can serve them all. */
  protected _readMany(queries: readonly CheckedQuery[]): Promise<CandleSeries[]> {
    return mapCooperatively(queries, (query) => this._read(query));
  }

  /**
   * Takes one snapshot per request. Each snapshot must be consistent; two snapshots of one call may
   * be of different states. This default combines several calls and starts over if a change went
   * through this instance in between. Override it if one transaction can do it; required with
   * `sharing: 'multi-process'`.
   */
  protected _snapshots(requests: readonly CheckedSnapshotRequest[]): Promise<SeriesSnapshot[]> {
    if (this.capabilities.sharing === 'multi-process') {
      return Promise.reject(
        new TypeError(`${this.name} declares multi-process without _snapshots`),
      );
    }
    if (!this.capabilities.revisions) this.#ownRevisions ??= new ProcessRevisions();
    return mapCooperatively(requests, (request) => this.#gate.read(() => this.#compose(request)));
  }

  /** Makes resolved writes as durable as possible. Override it unless they already are. */
  protected _flush(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Returns one revision per range, in order. Ranges may be empty, and their bounds may lie inside
   * periods. Required with the capability `revisions`.
   */
  protected _revisions(_key: SeriesKey, _ranges: readonly Interval[]): Promise<string[]> {
    return Promise.reject(new TypeError(`${this.name} declares revisions without _revisions`));
  }

  /**
   * Gives the range new revisions and notifies other processes; the base notifies this instance's
   * subscribers. The range is one or more whole periods, or `EVER`. Override it if the storage has
   * revisions or `changes: 'shared'`.
   */
  protected _announce(_key: SeriesKey, _range: Interval): Promise<void> {
    return Promise.resolve();
  }

  /** Checks all series or one. Required with the capability `integrity`. */
  protected _checkIntegrity(_key: SeriesKey | undefined): Promise<IntegrityReport> {
    return Promise.reject(new TypeError(`${this.name} declares integrity without _checkIntegrity`));
  }

  /**
   * Moves damaged candles out of the way and returns their ranges in whole periods. Override it if
   * this storage's candles can be damaged.
   */
  protected _quarantine(_key: SeriesKey | undefined): Promise<QuarantineReport> {
    return Promise.resolve({ candles: 0, runs: [] });
  }

  /**
   * Repairs what `_checkIntegrity` finds. Override it if this storage's data can be damaged; the
   * default repairs nothing and reports all problems as remaining.
   */
  protected async _repair(key: SeriesKey | undefined): Promise<RepairReport> {
    const { problems } = await this._checkIntegrity(key);
    return { repairs: [], truncated: false, series: [], remaining: problems };
  }

  /**
   * Compacts series; stops early when the signal is aborted. Required with the capability
   * `maintenance`.
   */
  protected _compact(
    _filter: SeriesFilter,
    _signal: AbortSignal | undefined,
  ): Promise<CompactionReport> {
    return Promise.reject(new TypeError(`${this.name} declares maintenance without _compact`));
  }

  /** Reports what `_compact` would do. Required with the capability `maintenance`. */
  protected _explain(_filter: SeriesFilter): Promise<CompactionReport> {
    return Promise.reject(new TypeError(`${this.name} declares maintenance without _explain`));
  }

  /** Override it if the storage uses pages. */
  protected async _fragmentation(_tables: boolean): Promise<FragmentationReport> {
    const { bytes } = await this._size();
    return {
      pageBytes: bytes,
      pages: 0,
      freePages: 0,
      freeRatio: 0,
      logBytes: 0,
      tables: undefined,
    };
  }

  /**
   * Override it if pages can be free. Stops early, with nothing done, when the signal is aborted.
   */
  protected _vacuum(_signal: AbortSignal | undefined): Promise<VacuumReport> {
    return Promise.resolve(NOTHING_FREED);
  }

  /** Override it if pages can be free. */
  protected _incrementalVacuum(_pages: number): Promise<VacuumReport> {
    return Promise.resolve(NOTHING_FREED);
  }

  /** Override it if queries are planned from statistics. */
  protected _analyze(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Override it if there are indexes. Stops early, with nothing done, when the signal is aborted.
   */
  protected _reindex(_signal: AbortSignal | undefined): Promise<string[]> {
    return Promise.resolve([]);
  }

  /** Override it if users can add indexes or statements have query plans. */
  protected _advise(): Promise<MaintenanceAdvice[]> {
    return Promise.resolve([]);
  }

  /** Override it if statements have query plans. */
  protected _slowQueries(): Promise<SlowQuery[]> {
    return Promise.resolve([]);
  }

  /**
   * Required with `maintenance` and `sharing: 'multi-process'`. The default holds leases in memory.
   */
  protected _lease({ name, owner, forMs }: LeaseRequest): Promise<boolean> {
    const now = this.clock.now();
    const held = this.#leases.get(name);
    const isOthers = held !== undefined && held.owner !== owner && held.until > now;
    if (forMs > 0 && isOthers) return Promise.resolve(false);
    if (forMs > 0) this.#leases.set(name, { owner, until: now + forMs });
    else if (held?.owner === owner) this.#leases.delete(name);
    return Promise.resolve(true);
  }

  /**
   * The media that backups can use. With `bytes`, a restore without `to` replaces this storage's
   * contents.
   */
  protected _backupMedia(): readonly BackupMedium[] {
    return ['file'];
  }

  /** Required with the capability `backup`, like the next two methods. */
  protected _createBackup(_backup: CheckedBackup): Promise<CreatedBackup> {
    return Promise.reject(new TypeError(`${this.name} declares backup without _createBackup`));
  }

  protected _verifyBackup(_from: BackupSource, _call: BackupCall): Promise<VerifiedBackup> {
    return Promise.reject(new TypeError(`${this.name} declares backup without _verifyBackup`));
  }

  /**
   * Restores a backup. Without `to`, replaces the stored data and all revisions; the base notifies
   * subscribers.
   */
  protected _restoreBackup(_restore: CheckedRestore): Promise<RestoredBackup> {
    return Promise.reject(new TypeError(`${this.name} declares backup without _restoreBackup`));
  }

  /** Required if backups can be files. */
  protected _pruneBackups(_prune: CheckedPrune): Promise<PruneReport> {
    return Promise.reject(new TypeError(`${this.name} keeps backups without _pruneBackups`));
  }

  /**
   * Called when the change feed gets its first subscriber. Start watching for changes here if
   * needed.
   */
  protected _watchChanges(): void {}

  /** Called when the last subscriber has left. */
  protected _unwatchChanges(): void {}

  /**
   * Reports a failure of background work: counts it, keeps it for `stats()`, and publishes it to
   * subscribers.
   */
  protected reportFailure(work: BackgroundWork, cause: unknown): void {
    const error = this.failure(cause);
    const failure: BackgroundFailure = { type: 'failure', work, error, at: this.clock.now() };
    this.#background.failures += 1;
    this.#background.lastFailure = failure;
    this.publish(failure);
  }

  /** Publishes a change that was not made by this instance's own writes. */
  protected publish(event: ChangeEvent): void {
    this.#gate.note();
    this.#publish(event);
  }

  #publish(event: ChangeEvent): void {
    if (event.type === 'candles') this.#ownRevisions?.renew(event.key, event.interval);
    if (event.type === 'lagged') this.#ownRevisions?.renewAll();
    this.#listeners.emit(event);
  }

  /** Runs work that changes candles or coverage. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    return this.#gate.change(async () => {
      try {
        return await work();
      } catch (error) {
        // What it has changed nonetheless is unknown.
        if (!BarkeepError.is(error, 'ABORTED')) this.#ownRevisions?.renewAll();
        throw error;
      }
    });
  }

  #subscribe(listener: (event: ChangeEvent) => void): Unsubscribe {
    this.assertOpen();
    const remove = this.#listeners.add(listener);
    if (this.#listeners.size === 1) this._watchChanges();
    return () => {
      const before = this.#listeners.size;
      remove();
      if (before > 0 && this.#listeners.size === 0) this._unwatchChanges();
    };
  }

  #announce(input: SeriesKey, range: Interval | undefined, call?: CallOptions): Promise<void> {
    return this.#call('changes.announce', call, async () => {
      const key = checkKey(input);
      const checked = checkOptionalRange(range, key.timeframe);
      const interval =
        checked === EVER ? EVER : wholePeriodsAround(checked, timeframeGrid(key.timeframe));
      if (interval.from >= interval.to) return;
      await this.#change(async () => {
        await this._announce(key, interval);
        this.#publish({ type: 'candles', key, interval, origin: 'local' });
        this.#publish({ type: 'coverage', key, interval, origin: 'local' });
      });
    });
  }

  async #write(
    input: CandleBatch | readonly CandleBatch[],
    call: CallOptions = {},
  ): Promise<WriteResult> {
    return this.#call('candles.write', call, async () => {
      const batches = await runCooperatively(this.#checkBatches(input), call.signal);
      if (batches.length === 0) return { inserted: 0, updated: 0, unchanged: 0 };
      return this.#change(async () => {
        throwIfAborted(call.signal);
        const outcomes = await this._write(batches);
        return runCooperatively(this.#settle(batches, outcomes));
      });
    });
  }

  *#checkBatches(
    input: CandleBatch | readonly CandleBatch[],
  ): Generator<void, CheckedBatch[], void> {
    if (!isList(input)) return [yield* this.#checkBatch(input)].filter(isNotEmpty);
    const batches: CheckedBatch[] = [];
    for (const [index, batch] of input.entries()) {
      try {
        batches.push(yield* this.#checkBatch(batch));
      } catch (error) {
        throw faultInBatch(error, index);
      }
    }
    return batches.filter(isNotEmpty);
  }

  *#checkBatch(batch: CandleBatch): Generator<void, CheckedBatch, void> {
    if (batch === null || typeof batch !== 'object') {
      throw invalidInput({ field: 'batch', rule: 'must be { key, candles, … }', value: batch });
    }
    onlyKnownKeys(batch, BATCH_KEYS, 'batch');
    const key = checkKey(batch.key);
    const replaces = checkReplaces(batch.replaces);
    const covers = yield* checkCovers(batch.covers, key);
    const source = checkSource(batch.source ?? 'unknown');
    // What its maker knew of the times of a series does not show in a single candle of it.
    const gather = batch.candles instanceof CandleSeries ? gatherAnyTimes : gatherCandles;
    const columns = yield* gather(key, batch.candles);
    const series = CandleSeries.fromTrustedColumns(key, columns);
    return { key, series, covers, source, collectedAt: this.clock.now(), replaces };
  }

  /** Updates counters and publishes the changes of a write. */
  *#settle(
    batches: readonly CheckedBatch[],
    outcomes: readonly BatchOutcome[],
  ): Generator<void, WriteResult, void> {
    const total = { inserted: 0, updated: 0, unchanged: 0 };
    const now = this.clock.now();
    for (const [i, { key, series, covers }] of batches.entries()) {
      const outcome = outcomes[i];
      if (outcome === undefined) continue;
      total.inserted += outcome.inserted;
      total.updated += outcome.updated;
      total.unchanged += outcome.unchanged;
      const { firstTimestamp: first, lastTimestamp: last } = series;
      this.#activity.write(key, { ...outcome, first, last }, now);
      if (outcome.changed !== undefined) {
        this.#publish({ type: 'candles', key, interval: outcome.changed, origin: 'local' });
      }
      yield;
      for (const interval of covers) {
        this.#publish({ type: 'coverage', key, interval, origin: 'local' });
        yield;
      }
    }
    this.#written.inserted += total.inserted;
    this.#written.updated += total.updated;
    this.#written.unchanged += total.unchanged;
    return total;
  }

  #read(query: CandleQuery, call?: CallOptions): Promise<CandleSeries> {
    return this.#call('candles.read', call, () => {
      const checked = checkQuery(query);
      if (isEmptyQuery(checked)) return Promise.resolve(CandleSeries.empty(checked.key));
      return this.#counted(this._read(checked));
    });
  }

  #readColumns<C extends CandleColumn>(
    query: CandleQuery,
    columns: readonly C[],
    call?: CallOptions,
  ): Promise<SomeColumns<C>> {
    return this.#call('candles.readColumns', call, async () => {
      const checked = checkQuery(query);
      checkColumns(columns);
      if (isEmptyQuery(checked)) return pickColumns(allocateColumns(0), columns);
      const answer = await this._readColumns(checked, [...columns]);
      this.#noteRead(checked.key, answer[columns[0] as C].length);
      return answer;
    });
  }

  #readMany(queries: readonly CandleQuery[], call?: CallOptions): Promise<CandleSeries[]> {
    return this.#call('candles.readMany', call, async () => {
      if (!Array.isArray(queries))
        throw invalidInput({ field: 'queries', rule: 'must be an array', value: queries });
      const checked = await mapCooperatively(
        queries,
        (query, index) => inBatch(index, () => checkQuery(query)),
        call?.signal,
      );
      const asked = checked.filter((query) => !isEmptyQuery(query));
      const answers = asked.length === 0 ? [] : await this._readMany(asked);
      for (const answer of answers) this.#noteRead(answer.key, answer.length);
      let next = 0;
      return checked.map((query) => {
        const answer = isEmptyQuery(query) ? undefined : answers[next++];
        return answer ?? CandleSeries.empty(query.key);
      });
    });
  }

  async *#scan(scan: CandleScan, call?: CallOptions): AsyncGenerator<CandleSeries, void, void> {
    this.assertOpen();
    const checked = checkScan(scan);
    let from = checked.from;
    while (from < checked.to) {
      const start = from;
      const chunk = await this.#call('candles.scan', call, () =>
        this.#counted(this._read({ ...checked, from: start })),
      );
      if (chunk.length > 0) yield chunk;
      if (chunk.length < checked.limit) return;
      from = after(chunk, from);
    }
  }

  #remove(input: SeriesKey, range: Interval | undefined, call?: CallOptions): Promise<number> {
    return this.#call('candles.remove', call, async () => {
      const key = checkKey(input);
      const checked = checkOptionalRange(range, key.timeframe);
      const interval =
        checked === EVER ? EVER : wholePeriodsFrom(checked, timeframeGrid(key.timeframe));
      if (interval.from >= interval.to) return 0;
      return this.#change(async () => {
        const { removed } = await this._remove(key, interval);
        if (removed > 0) this.#publish({ type: 'candles', key, interval, origin: 'local' });
        this.#publish({ type: 'coverage', key, interval, origin: 'local' });
        return removed;
      });
    });
  }

  #revisions(input: SeriesKey, ranges: readonly Interval[], call?: CallOptions): Promise<string[]> {
    return this.#call('candles.revisions', call, async () => {
      if (!this.capabilities.revisions) throw unsupported(this.name, 'candles.revisions');
      const key = checkKey(input);
      return this._revisions(key, checkRanges(ranges, key.timeframe));
    });
  }

  #snapshots(requests: readonly SnapshotRequest[], call?: CallOptions): Promise<SeriesSnapshot[]> {
    return this.#call('candles.snapshots', call, async () => {
      if (!Array.isArray(requests)) {
        throw invalidInput({ field: 'requests', rule: 'must be an array', value: requests });
      }
      const checked = await mapCooperatively(
        requests,
        (request, index) => inBatch(index, () => checkSnapshotRequest(request)),
        call?.signal,
      );
      throwIfAborted(call?.signal);
      if (checked.length === 0) return [];
      const snapshots = await this._snapshots(checked.map(withoutEmptyRanges));
      return snapshots.map((snapshot, i) => {
        const ranges = snapshot.ranges.map((part, j) => withEmptySeries(part, checked[i], j));
        const read = ranges.reduce((sum, { candles }) => sum + (candles?.length ?? 0), 0);
        this.#noteRead(snapshot.key, read);
        return { ...snapshot, ranges };
      });
    });
  }

  /** One series from calls of their own, which the caller keeps free of changes. */
  async #compose({ key, ranges }: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
    const all = { key, ...EVER };
    const first = await this._read({ ...all, limit: 1, take: 'first' });
    const last = await this._read({ ...all, limit: 1, take: 'last' });
    const extent =
      last.length === 0
        ? undefined
        : {
            from: first.firstTimestamp,
            to: timeframeGrid(key.timeframe).shift(last.lastTimestamp),
          };
    const coverage = await this.#coverageWithin(key, EVER);
    const revisions = await this.#revisionsOf(key, ranges);
    const parts: SnapshotPart[] = [];
    for (const [i, range] of ranges.entries()) {
      const revision = revisions[i] ?? '';
      const { candles: _, ...selection } = range;
      const candles = wantsCandles(range, revision)
        ? await this._read({ key, ...selection })
        : undefined;
      parts.push({ revision, candles });
    }
    return { key, extent, coverage, ranges: parts };
  }

  async #revisionsOf(key: SeriesKey, ranges: readonly Interval[]): Promise<string[]> {
    const own = this.#ownRevisions;
    if (own !== undefined) return ranges.map((range) => own.of(key, range));
    return this._revisions(
      key,
      ranges.map(({ from, to }) => ({ from, to })),
    );
  }

  #list(filter: SeriesFilter = {}, call?: CallOptions): Promise<SeriesInfo[]> {
    return this.#call('candles.list', call, async () => {
      const series = await this._list(checkFilter(filter));
      return series.toSorted(
        (a, b) => compareText(a.symbol, b.symbol) || compareText(a.timeframe, b.timeframe),
      );
    });
  }

  #addCoverage(
    input: SeriesKey,
    interval: Interval,
    provenance: Provenance,
    call?: CallOptions,
  ): Promise<void> {
    return this.#call('coverage.add', call, async () => {
      const key = checkKey(input);
      checkInterval(interval, key.timeframe, 'interval');
      if (provenance === null || typeof provenance !== 'object') {
        throw invalidInput({
          field: 'provenance',
          rule: 'must be { source, collectedAt? }',
          value: provenance,
        });
      }
      onlyKnownKeys(provenance, PROVENANCE_KEYS, 'provenance');
      const source = checkSource(provenance.source);
      const collectedAt = provenance.collectedAt ?? this.clock.now();
      requiredTimestamp(collectedAt, 'collectedAt');
      const whole = wholePeriodsInside(interval, timeframeGrid(key.timeframe));
      if (whole === undefined) return;
      await this.#change(async () => {
        await this._addCoverage(key, { ...whole, source, collectedAt });
        this.#publish({ type: 'coverage', key, interval: whole, origin: 'local' });
      });
    });
  }

  #coverageOf(
    input: SeriesKey,
    range: Interval | undefined,
    call?: CallOptions,
  ): Promise<CoverageEntry[]> {
    return this.#call('coverage.of', call, () => {
      const key = checkKey(input);
      return this.#coverageWithin(key, checkOptionalRange(range, key.timeframe));
    });
  }

  #missing(input: SeriesKey, range: Interval, call?: CallOptions): Promise<Interval[]> {
    return this.#call('coverage.missing', call, async () => {
      const key = checkKey(input);
      checkInterval(range, key.timeframe);
      const whole = wholePeriodsAround(range, timeframeGrid(key.timeframe));
      return subtractIntervals(
        normalizeIntervals([whole]),
        normalizeIntervals(await this.#coverageWithin(key, whole)),
      );
    });
  }

  #removeCoverage(
    input: SeriesKey,
    range: Interval | undefined,
    call?: CallOptions,
  ): Promise<void> {
    return this.#call('coverage.remove', call, async () => {
      const key = checkKey(input);
      const checked = checkOptionalRange(range, key.timeframe);
      const interval =
        checked === EVER ? EVER : wholePeriodsAround(checked, timeframeGrid(key.timeframe));
      if (interval.from >= interval.to) return;
      await this.#change(async () => {
        await this._removeCoverage(key, interval);
        this.#publish({ type: 'coverage', key, interval, origin: 'local' });
      });
    });
  }

  #continuity(
    input: SeriesKey,
    range: Interval | undefined,
    call?: CallOptions,
  ): Promise<ContinuityReport> {
    return this.#call('coverage.continuity', call, async () => {
      const key = checkKey(input);
      const grid = timeframeGrid(key.timeframe);
      if (range !== undefined) checkInterval(range, key.timeframe);
      const whole =
        range === undefined ? await this.#extentOf(key) : wholePeriodsAround(range, grid);
      const all = normalizeIntervals([whole]);
      const covered = intersectIntervals(
        all,
        normalizeIntervals(await this.#coverageWithin(key, whole)),
      );
      const missing = subtractIntervals(all, covered);
      let candles = 0;
      let coveredCandles = 0;
      let from = whole.from;
      while (from < whole.to) {
        const chunk = await this._read({
          key,
          from,
          to: whole.to,
          limit: CONTINUITY_CHUNK,
          take: 'first',
        });
        candles += chunk.length;
        for (const it of covered) coveredCandles += chunk.between(it.from, it.to).length;
        if (chunk.length < CONTINUITY_CHUNK) break;
        from = after(chunk, from);
        throwIfAborted(call?.signal);
      }
      const uncoveredCandles = candles - coveredCandles;
      return {
        range: whole,
        periods: countPeriods(all, grid),
        candles,
        noTradePeriods: countPeriods(covered, grid) - coveredCandles,
        uncoveredCandles,
        missingPeriods: countPeriods(missing, grid) - uncoveredCandles,
        missing,
      };
    });
  }

  async #extentOf(key: SeriesKey): Promise<Interval> {
    const [series] = await this._list(key);
    if (series === undefined) return { from: 0, to: 0 };
    return { from: series.first, to: timeframeGrid(key.timeframe).shift(series.last) };
  }

  async #coverageWithin(key: SeriesKey, range: Interval): Promise<CoverageEntry[]> {
    return coverageWithin(await this._coverageOf(key, range), range.from, range.to);
  }

  #getMetadata(key: string, call?: CallOptions): Promise<JsonValue | undefined> {
    return this.#call('metadata.get', call, async () => {
      validateDocumentKey(key);
      const text = await this._getMetadata(key);
      return text === undefined ? undefined : parseDocument(key, text);
    });
  }

  #setMetadata(key: string, value: JsonValue, call?: CallOptions): Promise<void> {
    return this.#call('metadata.set', call, () => {
      validateDocumentKey(key);
      return this._setMetadata(key, stringifyDocument(value));
    });
  }

  #deleteMetadata(key: string, call?: CallOptions): Promise<boolean> {
    return this.#call('metadata.delete', call, () => {
      validateDocumentKey(key);
      return this._deleteMetadata(key);
    });
  }

  #metadataKeys(prefix = '', call?: CallOptions): Promise<string[]> {
    return this.#call('metadata.keys', call, async () => {
      if (prefix !== '') validateDocumentKey(prefix, 'prefix');
      return (await this._metadataKeys(prefix)).sort(compareText);
    });
  }

  #checkIntegrity(key: SeriesKey | undefined, call?: CallOptions): Promise<IntegrityReport> {
    return this.#call('integrity.check', call, () => {
      return this._checkIntegrity(key === undefined ? undefined : checkKey(key));
    });
  }

  #quarantine(input: SeriesKey | undefined, call?: CallOptions): Promise<QuarantineReport> {
    return this.#call('integrity.quarantine', call, async () => {
      const only = input === undefined ? undefined : checkKey(input);
      return this.#change(async () => {
        const report = await this._quarantine(only);
        for (const { key, interval } of report.runs) {
          this.#publish({ type: 'candles', key, interval, origin: 'local' });
          this.#publish({ type: 'coverage', key, interval, origin: 'local' });
        }
        return report;
      });
    });
  }

  #repair(input: SeriesKey | undefined, call?: CallOptions): Promise<RepairReport> {
    return this.#call('integrity.repair', call, async () => {
      const only = input === undefined ? undefined : checkKey(input);
      return this.#change(async () => {
        const report = await this._repair(only);
        for (const key of report.series) {
          this.#publish({ type: 'candles', key, interval: EVER, origin: 'local' });
          this.#publish({ type: 'coverage', key, interval: EVER, origin: 'local' });
        }
        return report;
      });
    });
  }

  #compact(filter: SeriesFilter = {}, call?: CallOptions): Promise<CompactionReport> {
    return this.#call('maintenance.compact', call, () =>
      this._compact(checkFilter(filter), call?.signal),
    );
  }

  #explain(filter: SeriesFilter = {}, call?: CallOptions): Promise<CompactionReport> {
    return this.#call('maintenance.explain', call, () => this._explain(checkFilter(filter)));
  }

  #fragmentation(call?: FragmentationOptions): Promise<FragmentationReport> {
    return this.#call('maintenance.fragmentation', call, () => {
      const tables: unknown = call?.tables ?? false;
      if (typeof tables === 'boolean') return this._fragmentation(tables);
      throw invalidInput({ field: 'tables', rule: 'must be true or false', value: tables });
    });
  }

  #incrementalVacuum(call?: IncrementalVacuumOptions): Promise<VacuumReport> {
    return this.#call('maintenance.incrementalVacuum', call, () => {
      const pages = call?.pages ?? 100;
      if (Number.isSafeInteger(pages) && pages > 0) return this._incrementalVacuum(pages);
      throw invalidInput({ field: 'pages', rule: 'must be a whole number above 0', value: pages });
    });
  }

  #reportActivity(call?: ActivityOptions): Promise<ActivityReport> {
    return this.#call('maintenance.activity', call, async () => {
      const limit = call?.limit ?? 100;
      if (Number.isSafeInteger(limit) && limit >= 0) {
        return this.#activity.report(limit, this.clock.now());
      }
      throw invalidInput({
        field: 'limit',
        rule: 'must be a whole number, 0 or more',
        value: limit,
      });
    });
  }

  #noteRead(key: SeriesKey, candles: number): void {
    this.#candlesRead += candles;
    this.#activity.read(key, candles, this.clock.now());
  }

  #lease(request: LeaseRequest, call?: CallOptions): Promise<boolean> {
    return this.#call('maintenance.lease', call, () => {
      onlyKnownKeys(request, LEASE_KEYS, 'request');
      const { name, owner, forMs } = request;
      validateDocumentKey(name, 'name');
      validateDocumentKey(owner, 'owner');
      if (!Number.isSafeInteger(forMs) || forMs < 0) {
        const rule = 'must be a whole number of milliseconds, 0 or more';
        throw invalidInput({ field: 'forMs', rule, value: forMs });
      }
      return this._lease({ name, owner, forMs });
    });
  }

  #backupCalls(): IStorageBackup {
    return backupCalls({
      clock: this.clock,
      media: () => this._backupMedia(),
      work: {
        create: (backup) => this._createBackup(backup),
        verify: (from, call) => this._verifyBackup(from, call),
        restore: (restore) => this._restoreBackup(restore),
        prune: (prune) => this._pruneBackups(prune),
      },
      run: (operation, work) => this.#call(operation, undefined, work),
      replace: (work) =>
        this.#change(async () => {
          const restored = await work();
          this.#publish({ type: 'lagged' });
          return restored;
        }),
    });
  }

  async #counted(reading: Promise<CandleSeries>): Promise<CandleSeries> {
    const series = await reading;
    this.#noteRead(series.key, series.length);
    return series;
  }

  /**
   * Wraps every call: checks that the handle is open and the signal not aborted, measures it, and
   * rejects when the signal is aborted.
   */
  async #call<T>(
    operation: string,
    options: CallOptions | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    this.assertOpen();
    const signal = options?.signal;
    throwIfAborted(signal);
    const running = this.use(() => this.#statistics.measure(operation, async () => work()));
    try {
      return await untilAborted(running, signal);
    } catch (error) {
      throw this.failure(error);
    }
  }
}

/**
 * Returns where the chunk after this one begins. This one began at `from`.
 * @throws BarkeepError `CORRUPT` if that would not be later.
 */
function after({ key, lastTimestamp }: CandleSeries, from: number): number {
  if (lastTimestamp >= from) return lastTimestamp + 1;
  throw new BarkeepError(
    'CORRUPT',
    `the candles of ${key.symbol} ${key.timeframe} are out of order: see integrity.check`,
    { details: { ...key, from } },
  );
}

function isList<T>(input: T | readonly T[]): input is readonly T[] {
  return Array.isArray(input);
}

function unsupported(name: string, operation: string): BarkeepError {
  return new BarkeepError('UNSUPPORTED', `${name} does not offer ${operation}`, {
    details: { storage: name, operation },
  });
}

function isNotEmpty({ series, covers }: CheckedBatch): boolean {
  return series.length > 0 || covers.length > 0;
}

/** Runs a check and adds the batch or query number to its error. */
function inBatch<T>(index: number, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw faultInBatch(error, index);
  }
}

function isEmptyQuery({ from, to, limit }: Pick<CheckedQuery, 'from' | 'to' | 'limit'>): boolean {
  return limit === 0 || from >= to;
}

/** Adapters are not asked for candles of empty ranges. */
function withoutEmptyRanges({ key, ranges }: CheckedSnapshotRequest): CheckedSnapshotRequest {
  return {
    key,
    ranges: ranges.map((range) => (isEmptyQuery(range) ? { ...range, candles: 'never' } : range)),
  };
}

function withEmptySeries(
  part: SnapshotPart,
  request: CheckedSnapshotRequest | undefined,
  position: number,
): SnapshotPart {
  const range: CheckedSnapshotRange | undefined = request?.ranges[position];
  if (request === undefined || range === undefined || !isEmptyQuery(range)) return part;
  const isWanted = wantsCandles(range, part.revision);
  return { ...part, candles: isWanted ? CandleSeries.empty(request.key) : undefined };
}

function* checkCovers(
  covers: CandleBatch['covers'],
  key: SeriesKey,
): Generator<void, IntervalSet, void> {
  if (covers === undefined) return [];
  const grid = timeframeGrid(key.timeframe);
  const whole: Interval[] = [];
  for (const interval of isList(covers) ? covers : [covers]) {
    checkInterval(interval, key.timeframe, 'covers');
    const inside = wholePeriodsInside(interval, grid);
    if (inside !== undefined) whole.push(inside);
    yield;
  }
  return normalizeIntervals(whole);
}

function checkReplaces(replaces: unknown = 'all'): CheckedBatch['replaces'] {
  if (replaces === 'all' || replaces === 'uncovered') return replaces;
  const rule = 'must be "all" or "uncovered"';
  throw invalidInput({ field: 'replaces', rule, value: replaces });
}

function checkSource(source: unknown): string {
  validateName(source, 'source', MAX_SOURCE_LENGTH);
  return source;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
