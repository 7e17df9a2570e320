import {
  allocateColumns,
  BarkeepError,
  type CandleColumn,
  type CandleColumns,
  CandleSeries,
  type EpochMs,
  type Interval,
  type IntervalSet,
  mapColumns,
  type SeriesKey,
  type SomeColumns,
  timeframeGrid,
} from '@barkeep/core';
import type {
  BatchOutcome,
  CheckedBatch,
  CheckedQuery,
  CheckedSnapshotRequest,
  CompactionReport,
  CoverageEntry,
  FragmentationReport,
  IntegrityReport,
  LeaseRequest,
  MaintenanceAdvice,
  QuarantineReport,
  RemovalOutcome,
  RepairReport,
  SeriesFilter,
  SeriesInfo,
  SlowQuery,
  StorageSize,
  VacuumReport,
} from '@barkeep/storage';
import { type BatchContent, uncoveredPart, wantsCandles } from '@barkeep/storage';
import { type ArchiveOption, archivePolicy } from './archive-policy.ts';
import { BackgroundCompaction } from './background-compaction.ts';
import type { BackupSteps } from './backup-steps.ts';
import { withBusyTimeout } from './busy-timeout.ts';
import { CandleReader } from './candle-reader.ts';
import { type CandleExtent, CandleRows } from './candle-rows.ts';
import { CandleWriter } from './candle-writer.ts';
import { ChangeLog, type RemoteChanges } from './change-log.ts';
import { changedSince } from './changed-buckets.ts';
import type { ArchiveFigures, CompactionStep } from './compaction-step.ts';
import { Compactor } from './compactor.ts';
import { CoverageTable } from './coverage-table.ts';
import { type CopiedState, type CopyTarget, copyDatabase } from './database-copy.ts';
import {
  applySettings,
  assertLibraryVersion,
  type DatabaseSettings,
  LARGEST_WAL,
  shapeNewDatabase,
} from './database-settings.ts';
import { checkIntegrity } from './integrity-check.ts';
import { type RepairedTables, repairDatabase } from './integrity-repair.ts';
import { addedParts, fullScans } from './maintenance/advice.ts';
import { fragmentationOf } from './maintenance/fragmentation.ts';
import { LeaseTable } from './maintenance/lease-table.ts';
import { WHOLE_TABLE } from './maintenance/statement-plan.ts';
import { StatementWatch } from './maintenance/statement-watch.ts';
import { incrementalVacuum, vacuum } from './maintenance/vacuum.ts';
import { MetadataTable } from './metadata-table.ts';
import { migrate, readSchemaVersion } from './migrations.ts';
import { type PackedBatches, packOutcomes, unpackBatches } from './packed-batches.ts';
import { readNumberPragma } from './pragma.ts';
import { RevisionTable } from './revision-table.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { SegmentQuarantine } from './segment-quarantine.ts';
import { Segments } from './segments.ts';
import { type SeriesRow, SeriesTable } from './series-table.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { structureFaults } from './structure-check.ts';
import { inTransaction } from './transaction.ts';
import { WalBound } from './wal-bound.ts';

/** Up to this many bytes, a quick check takes at most some 20 ms: 2.5 ms per MiB of plain rows. */
const QUICKLY_CHECKED = 8 * 1024 * 1024;

/** A batch of candles to store, in plain values that can be sent between threads. */
export interface EngineBatch {
  readonly key: SeriesKey;
  /** Valid, ascending, without duplicates. */
  readonly columns: CandleColumns;
  /** Whole periods. A batch without any has at least one candle. */
  readonly covers: IntervalSet;
  readonly source: string;
  readonly collectedAt: number;
  readonly replaces: CheckedBatch['replaces'];
}

/** A snapshot of one series in plain values that can be sent between threads. */
export interface EngineSnapshot {
  readonly extent: Interval | undefined;
  readonly coverage: readonly CoverageEntry[];
  readonly ranges: readonly EngineSnapshotPart[];
}

export interface EngineSnapshotPart {
  readonly revision: string;
  readonly columns: CandleColumns | undefined;
}

/** Columns read by one connection, to be put beside those read by another. */
export interface StatedColumns<C extends CandleColumn> {
  readonly columns: SomeColumns<C>;
  /** Two answers with the same number are of the same candles. */
  readonly state: number;
}

export interface SqliteEngineOptions extends DatabaseSettings {
  /**
   * `read-write` creates and migrates the database; `read-only` takes it as it is. Only one
   * connection per process needs to write.
   */
  readonly access: 'read-write' | 'read-only';
  /** When candles go into compressed segments. Default: with the defaults of `ArchivePolicy`. */
  readonly archive?: ArchiveOption | undefined;
  /** A number that no other connection has: tells its own changes from others'. A safe integer. */
  readonly writer: number;
}

/**
 * A Barkeep database on one SQLite connection. Everything is synchronous and every write is one
 * transaction; arguments are those that `AbstractMarketDataStorage` hands to its adapters, checked.
 *
 * Every failure is a `BarkeepError`.
 */
export class SqliteEngine {
  readonly #driver: SqliteDriver;
  readonly #watch: StatementWatch;
  readonly #leases: LeaseTable;
  readonly #series: SeriesTable;
  readonly #rows: CandleRows;
  readonly #segments: Segments;
  readonly #reader: CandleReader;
  readonly #writer: CandleWriter;
  readonly #coverage: CoverageTable;
  readonly #metadata: MetadataTable;
  readonly #changes: ChangeLog;
  readonly #revisions: RevisionTable;
  readonly #compactor: Compactor;
  readonly #background: BackgroundCompaction;
  readonly #wal: WalBound;
  /** What opening has come upon. */
  #damage: BarkeepError | undefined;

  private constructor(
    connection: SqliteDriver,
    { writer, archive, largestWalBytes = LARGEST_WAL }: SqliteEngineOptions,
  ) {
    const policy = archivePolicy(archive);
    this.#watch = new StatementWatch(connection);
    const { driver } = this.#watch;
    this.#driver = driver;
    this.#leases = new LeaseTable(driver);
    this.#series = new SeriesTable(driver);
    this.#rows = new CandleRows(driver);
    this.#segments = new Segments(driver);
    this.#reader = new CandleReader(this.#rows, this.#segments);
    this.#writer = new CandleWriter(this.#rows, this.#segments, policy);
    this.#coverage = new CoverageTable(driver);
    this.#metadata = new MetadataTable(driver);
    this.#changes = new ChangeLog(driver, writer);
    this.#revisions = new RevisionTable(driver);
    const tables = { driver, series: this.#series, rows: this.#rows, segments: this.#segments };
    this.#compactor = new Compactor(tables, policy);
    this.#background = new BackgroundCompaction(driver, this.#compactor);
    this.#wal = new WalBound(driver, largestWalBytes);
  }

  /**
   * Makes an engine of a connection, creating or migrating the database where needed. When it
   * throws, the file is as it was and the driver is still the caller's to close.
   *
   * @throws BarkeepError `INCOMPATIBLE`, `NOT_A_DATABASE`, `SCHEMA_TOO_NEW`, `CORRUPT`, `READ_ONLY`,
   * `CANNOT_OPEN` or `BUSY`.
   */
  static open(driver: SqliteDriver, options: SqliteEngineOptions): SqliteEngine {
    return guarded(() => {
      assertLibraryVersion(driver);
      const version = readSchemaVersion(driver);
      if (options.access === 'read-only') assertMigrated(version);
      else if (version === 0) shapeNewDatabase(driver);
      applySettings(driver, options);
      if (options.access === 'read-only') driver.exec('PRAGMA query_only = ON');
      else migrate(driver);
      const engine = new SqliteEngine(driver, options);
      if (options.access === 'read-only') return engine;
      engine.#prepareUpkeep();
      return engine;
    });
  }

  /** Stores all batches in order, with their coverage, in one transaction. */
  write(batches: readonly EngineBatch[]): BatchOutcome[] {
    const outcomes = this.#writing(() => batches.map((batch) => this.#writeBatch(batch)));
    for (const { key } of batches) this.#background.notice(key);
    return outcomes;
  }

  /** What `write` does, of many batches in few arrays; `unpackOutcomes` reads the answer. */
  writePacked(packed: PackedBatches): Float64Array {
    return packOutcomes(this.write(unpackBatches(packed)));
  }

  read(query: CheckedQuery): CandleColumns {
    return this.#reading(() => this.#readOne(query));
  }

  /** What `read` answers; `undefined`, at next to no cost, when that may be more than `most` candles. */
  readUpTo(most: number, { key, ...selection }: CheckedQuery): CandleColumns | undefined {
    return this.#reading(() => {
      const series = this.#series.find(key);
      if (series === undefined) return allocateColumns(0);
      if (this.#reader.most(series, selection) > most) return undefined;
      return this.#reader.read(series, selection);
    });
  }

  /** What `readColumns` answers, and which state of the candles it is of. */
  readPart<C extends CandleColumn>(query: CheckedQuery, columns: readonly C[]): StatedColumns<C> {
    return this.#reading(() => ({
      columns: this.#readSome(query, columns),
      state: this.#changes.newest,
    }));
  }

  /** Some columns of what `read` answers; the others are not decoded where they are compressed. */
  readColumns<C extends CandleColumn>(query: CheckedQuery, columns: readonly C[]): SomeColumns<C> {
    return this.#reading(() => this.#readSome(query, columns));
  }

  /** Several reads of one state of the database. */
  readMany(queries: readonly CheckedQuery[]): CandleColumns[] {
    return this.#reading(() => queries.map((query) => this.#readOne(query)));
  }

  /** For each request, one series; all of one state of the database. */
  snapshots(requests: readonly CheckedSnapshotRequest[]): EngineSnapshot[] {
    return this.#reading(() => requests.map((request) => this.#snapshot(request)));
  }

  /** Removes candles and coverage in `[from, to)`. */
  remove(key: SeriesKey, range: Interval): RemovalOutcome {
    return this.#writing(() => {
      const series = this.#series.find(key);
      if (series === undefined) return { removed: 0 };
      const { removed, rows } = this.#writer.remove(series, range);
      if (removed > 0) {
        const extent = this.#writer.extent(series.id);
        this.#series.update(countersAfter(series, -removed, rows, extent));
        const change = this.#changes.append('candles', series.id, range);
        this.#revisions.renew(series, stretchWithin(series, range), change);
      }
      this.#uncover(series, range);
      return { removed };
    });
  }

  /** A text for each range, in their order, of one state of the database. */
  revisions(key: SeriesKey, ranges: readonly Interval[]): string[] {
    return this.#reading(() => this.#revisions.of(this.#series.find(key), ranges));
  }

  /**
   * Notes in the change log, and by new revisions, that others may have changed a range. A series that
   * is not there comes into being, without candles: the entries belong to it.
   */
  announce(key: SeriesKey, range: Interval): void {
    this.#writing(() => {
      const series = this.#series.findOrCreate(key);
      const change = this.#changes.append('candles', series.id, range);
      this.#revisions.renew(series, range, change);
      this.#changes.append('coverage', series.id, range);
    });
  }

  list(filter: SeriesFilter): SeriesInfo[] {
    return this.#reading(() => this.#series.list(filter));
  }

  addCoverage(key: SeriesKey, entry: CoverageEntry): void {
    this.#writing(() => this.#cover(this.#series.findOrCreate(key), entry));
  }

  /** The entries that touch the range, ascending. */
  coverageOf(key: SeriesKey, range: Interval): CoverageEntry[] {
    return this.#reading(() => {
      const series = this.#series.find(key);
      return series === undefined ? [] : this.#coverage.touching(series.id, range);
    });
  }

  removeCoverage(key: SeriesKey, range: Interval): void {
    this.#writing(() => {
      const series = this.#series.find(key);
      if (series !== undefined) this.#uncover(series, range);
    });
  }

  getMetadata(key: string): string | undefined {
    return this.#reading(() => this.#metadata.get(key));
  }

  setMetadata(key: string, text: string): void {
    this.#writing(() => this.#metadata.set(key, text));
  }

  deleteMetadata(key: string): boolean {
    return this.#writing(() => this.#metadata.delete(key));
  }

  metadataKeys(prefix: string): string[] {
    return this.#reading(() => this.#metadata.keys(prefix));
  }

  size(): StorageSize {
    return this.#reading(() => ({
      ...this.#series.totals(),
      bytes:
        readNumberPragma(this.#driver, 'page_count') * readNumberPragma(this.#driver, 'page_size'),
    }));
  }

  /** What other connections committed since this one was opened or asked last. */
  readChanges(): RemoteChanges {
    return this.#reading(() => this.#changes.readNews());
  }

  checkIntegrity(key: SeriesKey | undefined): IntegrityReport {
    return guarded(() => checkIntegrity(this.#tables, key));
  }

  /**
   * Moves segments that cannot be read out of the way, with the coverage of their time.
   * What belongs to one series is one transaction.
   */
  quarantine(key: SeriesKey | undefined): QuarantineReport {
    return guarded(() => new SegmentQuarantine(this.#tables).run(key));
  }

  /** Mends what `checkIntegrity` finds, or takes it out of the way: see `repairDatabase`. */
  repair(key: SeriesKey | undefined): RepairReport {
    return guarded(() => repairDatabase(this.#tables, key));
  }

  /** How the candles of a series are stored. */
  archiveFigures(key: SeriesKey): ArchiveFigures {
    return this.#reading(() => this.#compactor.figures(key));
  }

  /**
   * Compacts some candles of a series, at an instant or after it, in one short transaction; the next
   * step begins at `next`. `undefined` when all that is left is as the archive policy wants it.
   *
   * @throws BarkeepError `CORRUPT` naming series and range of a damaged segment.
   */
  compactSeries(key: SeriesKey, from: EpochMs): CompactionStep | undefined {
    return this.#writing(() => this.#compactor.step(key, from));
  }

  /** What `compactSeries` would do to all series that match, without doing it. */
  explain(filter: SeriesFilter): CompactionReport {
    return guarded(() => this.#compactor.explain(filter));
  }

  /**
   * Compacts a little where the archive policy calls for it, in one short transaction, and not while
   * another connection writes. To be called when there is time: the engine has no timer of its own.
   * Returns whether to call it again.
   * @throws BarkeepError when a series could not be compacted; the next call goes on with another.
   */
  compactStep(): boolean {
    return guarded(() => {
      const damage = this.#damage;
      this.#damage = undefined;
      if (damage !== undefined) throw damage;
      const isMore = this.#background.step();
      this.#wal.keep();
      return isMore;
    });
  }

  /** How the pages of the database are used. */
  fragmentation(tables: boolean): FragmentationReport {
    return guarded(() => fragmentationOf(this.#driver, tables));
  }

  /** Builds the database anew. Not to be called where others wait for this thread. */
  vacuum(): VacuumReport {
    return guarded(() => vacuum(this.#driver));
  }

  /** Gives at most this many free pages back. */
  incrementalVacuum(pages: number): VacuumReport {
    return guarded(() => {
      const report = incrementalVacuum(this.#driver, pages);
      this.#wal.keep();
      return report;
    });
  }

  /** Renews the statistics of tables that have changed much since: https://sqlite.org/lang_analyze.html. */
  analyze(): void {
    guarded(() => this.#driver.exec('PRAGMA optimize = 0x10002'));
  }

  /** Builds all indexes anew, and returns the names of those that have one. */
  reindex(): string[] {
    return guarded(() => {
      this.#driver.exec('REINDEX');
      return this.#driver
        .prepare<readonly [string]>(
          `SELECT name FROM sqlite_schema ${WHOLE_TABLE} WHERE type = 'index' ORDER BY name`,
        )
        .all([])
        .map(([name]) => name);
    });
  }

  /** What is worth a change about its statements and what users added to the file. */
  advise(): MaintenanceAdvice[] {
    return guarded(() => {
      const { statements } = this.#watch;
      return [...fullScans(this.#driver, statements), ...addedParts(this.#driver, statements)];
    });
  }

  /** Statements of this connection that took far longer than they usually do. */
  slowQueries(): readonly SlowQuery[] {
    return this.#watch.slow;
  }

  /** Returns whether the owner has the lease from `now` on, for `forMs`; 0 gives it back. */
  lease({ name, owner, forMs }: LeaseRequest, now: EpochMs): boolean {
    return this.#writing(() => {
      if (forMs > 0) return this.#leases.take(name, owner, now, now + forMs);
      this.#leases.giveBack(name, owner);
      return true;
    });
  }

  /** Copies one state of the database, or where it differs from an older copy; see `copyDatabase`. No other call may be made until it has ended. */
  copyTo(target: CopyTarget, since?: SqliteDriver): BackupSteps<CopiedState> {
    if (since === undefined) return copyDatabase(this.#driver, target);
    return copyDatabase(this.#driver, target, () => changedSince(this.#driver, since));
  }

  /**
   * Brings every commit to the disk, whatever `synchronous` is.
   * @throws BarkeepError `BUSY` when other connections keep the WAL in use for too long.
   */
  checkpoint(): void {
    guarded(() => {
      const row = this.#driver.prepare('PRAGMA wal_checkpoint(FULL)').get([]);
      if (row?.[0] === 0) return;
      throw new BarkeepError('BUSY', 'other connections keep the WAL in use', { retryable: true });
    });
  }

  /** Brings the whole WAL into the database and empties it; returns whether no connection kept it in use. */
  emptyWal(): boolean {
    return guarded(() => this.#wal.empty());
  }

  close(): void {
    guarded(() => this.#driver.close());
  }

  get #tables(): RepairedTables {
    return {
      writer: this.#writer,
      driver: this.#driver,
      series: this.#series,
      rows: this.#rows,
      segments: this.#segments,
      coverage: this.#coverage,
      changes: this.#changes,
      revisions: this.#revisions,
    };
  }

  #writeBatch({ key, columns, source, collectedAt, ...batch }: EngineBatch): BatchOutcome {
    const series = this.#series.findOrCreate(key);
    const given = CandleSeries.fromTrustedColumns(key, columns);
    const { series: candles, covers } = this.#uncovered(series, { ...batch, series: given });
    const { changed: stretch, rows, ...stored } = this.#writer.store(series, candles);
    const result = { ...stored, unchanged: stored.unchanged + given.length - candles.length };
    const changed = stretch && periodsOf(key, stretch);
    if (result.inserted > 0 || rows !== 0) {
      const extent = joinExtents(extentOf(series), candles.timestamp);
      this.#series.update(countersAfter(series, result.inserted, rows, extent));
    }
    if (changed !== undefined) {
      const change = this.#changes.append('candles', series.id, changed);
      this.#revisions.renew(series, changed, change);
    }
    for (const interval of covers) this.#cover(series, { ...interval, source, collectedAt });
    return { ...result, changed };
  }

  /** What of a batch is to be stored, by the ledger as it is in this transaction. */
  #uncovered({ id }: SeriesRow, batch: BatchContent & Pick<EngineBatch, 'replaces'>): BatchContent {
    if (batch.replaces === 'all') return batch;
    return uncoveredPart(batch, this.#coverage.touching(id, hullOf(batch)));
  }

  #snapshot({ key, ranges }: CheckedSnapshotRequest): EngineSnapshot {
    const series = this.#series.find(key);
    const revisions = this.#revisions.of(series, ranges);
    const extent = series && extentOf(series);
    return {
      extent: extent && periodsOf(key, extent),
      coverage: series === undefined ? [] : this.#coverage.of(series.id),
      ranges: ranges.map((range, i) => {
        const revision = revisions[i] ?? '';
        if (!wantsCandles(range, revision)) return { revision, columns: undefined };
        const columns = series ? this.#reader.read(series, range) : allocateColumns(0);
        return { revision, columns };
      }),
    };
  }

  #readOne({ key, ...selection }: CheckedQuery): CandleColumns {
    const series = this.#series.find(key);
    return series === undefined ? allocateColumns(0) : this.#reader.read(series, selection);
  }

  #readSome<C extends CandleColumn>(
    { key, ...selection }: CheckedQuery,
    columns: readonly C[],
  ): SomeColumns<C> {
    const series = this.#series.find(key);
    return series === undefined
      ? mapColumns(columns, () => new Float64Array(0))
      : this.#reader.readColumns(series, selection, columns);
  }

  #cover(series: SeriesRow, entry: CoverageEntry): void {
    if (this.#coverage.add(series.id, entry)) this.#changes.append('coverage', series.id, entry);
  }

  #uncover(series: SeriesRow, range: Interval): void {
    if (this.#coverage.remove(series.id, range)) this.#changes.append('coverage', series.id, range);
  }

  /**
   * What opening does beside opening. Damage does not keep a database from being opened: what is sound
   * can be read, and the rest repaired. It is reported by the first step of upkeep instead, and nothing
   * else is written by itself.
   */
  #prepareUpkeep(): void {
    try {
      const fault = this.#quickFault();
      if (fault !== undefined) throw new BarkeepError('CORRUPT', fault);
      this.#refreshStatistics();
      this.#background.findDue();
    } catch (error) {
      const failure = sqliteFailure(error);
      if (failure.code !== 'CORRUPT') throw error;
      const message = `${failure.message}. integrity.check finds what is damaged, integrity.repair mends what can be`;
      this.#damage = new BarkeepError('CORRUPT', message, { cause: error });
    }
  }

  /** What `quick_check` finds, where that takes no longer than opening does. */
  #quickFault(): string | undefined {
    const bytes =
      readNumberPragma(this.#driver, 'page_count') * readNumberPragma(this.#driver, 'page_size');
    if (bytes > QUICKLY_CHECKED) return undefined;
    return structureFaults(this.#driver, 'quick_check')[0]?.message;
  }

  /** https://sqlite.org/lang_analyze.html#pragopt: cheap, and only where statistics are stale. */
  #refreshStatistics(): void {
    try {
      withBusyTimeout(this.#driver, 0, () => this.#driver.exec('PRAGMA optimize = 0x10002'));
    } catch (error) {
      // Somebody is writing, or there is no room to write: opening does not depend on fresh statistics.
      if (!['BUSY', 'DISK_FULL'].includes(sqliteFailure(error).code)) throw error;
    }
  }

  #reading<T>(work: () => T): T {
    return guarded(() => inTransaction(this.#driver, 'read', work));
  }

  #writing<T>(work: () => T): T {
    return guarded(() => {
      const result = inTransaction(this.#driver, 'write', work);
      this.#wal.keep();
      return result;
    });
  }
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw sqliteFailure(error);
  }
}

/** A connection that may not write cannot bring the schema up to date. */
function assertMigrated(version: number): void {
  if (version === SCHEMA_VERSION) return;
  throw new BarkeepError(
    'CANNOT_OPEN',
    `the database has schema version ${version} instead of ${SCHEMA_VERSION}: open it for writing first`,
    { details: { version, needed: SCHEMA_VERSION } },
  );
}

function periodsOf({ timeframe }: SeriesKey, { first, last }: CandleExtent): Interval {
  return { from: first, to: timeframeGrid(timeframe).shift(last) };
}

/** From the first to the last instant that a batch says something of. */
function hullOf({ series, covers }: BatchContent): Interval {
  const parts = [series.extent, covers[0], covers.at(-1)].filter((part) => part !== undefined);
  return {
    from: Math.min(...parts.map(({ from }) => from)),
    to: Math.max(...parts.map(({ to }) => to)),
  };
}

function extentOf({ first, last }: SeriesRow): CandleExtent | undefined {
  return first === null || last === null ? undefined : { first, last };
}

/** The part of a range from the first to the last candle: a range may go on for ages beyond. */
function stretchWithin({ first, last }: SeriesRow, { from, to }: Interval): Interval {
  if (first === null || last === null) return { from, to };
  return { from: Math.max(from, first), to: Math.min(to, last + 1) };
}

function joinExtents(
  extent: CandleExtent | undefined,
  timestamp: Float64Array,
): CandleExtent | undefined {
  const first = timestamp.at(0);
  const last = timestamp.at(-1);
  if (first === undefined || last === undefined) return extent;
  return {
    first: Math.min(first, extent?.first ?? first),
    last: Math.max(last, extent?.last ?? last),
  };
}

function countersAfter(
  { id, count, rowCount }: SeriesRow,
  candles: number,
  rows: number,
  extent: CandleExtent | undefined,
): Omit<SeriesRow, 'key'> {
  // Of no candles there are none, whatever a damaged counter says.
  if (extent === undefined) return { id, count: 0, rowCount: 0, first: null, last: null };
  return { id, count: count + candles, rowCount: rowCount + rows, ...extent };
}
