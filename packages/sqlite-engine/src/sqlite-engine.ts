import {
  type ArchiveBatch,
  type ArchiveFigures,
  type ArchiveOption,
  type ArchivePolicy,
  type ArchiveSnapshot,
  addCoverage,
  announceChange,
  archiveFigures,
  archivePolicy,
  type CompactionStep,
  compactionStep,
  comparedFigures,
  type Decision,
  decide,
  explainCompaction,
  type FoundColumns,
  mostCandles,
  needsQuarantine,
  noCandles,
  quarantineSeries,
  type ReadLoad,
  readCandles,
  readSnapshots,
  removeCandles,
  removeCoverage,
  type SeriesFigures,
  writeBatches,
} from '@barkeep/candle-archive';
import {
  allocateColumns,
  BarkeepError,
  CANDLE_COLUMNS,
  type CandleColumn,
  type CandleColumns,
  COLUMN_NAMES,
  type EpochMs,
  type Interval,
  mapColumns,
  type SeriesKey,
  type SomeColumns,
} from '@barkeep/core';
import type {
  BatchOutcome,
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
import { BackgroundCompaction } from './background-compaction.ts';
import type { BackupSteps } from './backup-steps.ts';
import type { RemoteChanges } from './change-log.ts';
import { changedSince } from './changed-buckets.ts';
import { type CopiedState, type CopyTarget, copyDatabase } from './database-copy.ts';
import {
  applySettings,
  assertLibraryVersion,
  type DatabaseSettings,
  LARGEST_WAL,
  shapeNewDatabase,
} from './database-settings.ts';
import { checkIntegrity } from './integrity-check.ts';
import { repairDatabase } from './integrity-repair.ts';
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
import { SCHEMA_VERSION } from './schema.ts';
import { SqliteArchive } from './sqlite-archive.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { structureFaults } from './structure-check.ts';
import { inTransaction } from './transaction.ts';
import { WalBound } from './wal-bound.ts';
import { withBusyTimeout } from './with-busy-timeout.ts';

/** Up to this many bytes, a quick check takes at most some 20 ms: 2.5 ms per MiB of plain rows. */
const QUICKLY_CHECKED = 8 * 1024 * 1024;

/** Columns read by one connection, to be put beside those read by another. */
export interface StatedColumns<C extends CandleColumn> {
  readonly columns: FoundColumns<C>;
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
  readonly #archive: SqliteArchive;
  readonly #policy: ArchivePolicy | 'off';
  readonly #metadata: MetadataTable;
  readonly #background: BackgroundCompaction;
  readonly #wal: WalBound;
  /** What opening has come upon. */
  #damage: BarkeepError | undefined;

  private constructor(
    connection: SqliteDriver,
    { writer, archive, largestWalBytes = LARGEST_WAL }: SqliteEngineOptions,
  ) {
    this.#policy = archivePolicy(archive);
    this.#watch = new StatementWatch(connection);
    const { driver } = this.#watch;
    this.#driver = driver;
    this.#leases = new LeaseTable(driver);
    this.#archive = new SqliteArchive(driver, writer);
    this.#metadata = new MetadataTable(driver);
    this.#background = new BackgroundCompaction(this.#archive, this.#policy);
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
  write(batches: readonly ArchiveBatch[]): BatchOutcome[] {
    const outcomes = this.#change(writeBatches(batches, this.#policy));
    for (const { key } of batches) this.#background.notice(key);
    return outcomes;
  }

  /** What `write` does, of many batches in few arrays; `unpackOutcomes` reads the answer. */
  writePacked(packed: PackedBatches): Float64Array {
    return packOutcomes(this.write(unpackBatches(packed)));
  }

  read(query: CheckedQuery): CandleColumns {
    return this.#reading(() => this.#readOne(query, COLUMN_NAMES));
  }

  /** What `read` answers; `undefined`, at next to no cost, when that may be more than `most` candles. */
  readUpTo(most: number, query: CheckedQuery): CandleColumns | undefined {
    return this.#reading(() => {
      const series = this.#archive.find(query.key);
      if (series === undefined) return allocateColumns(0);
      if (mostCandles(series, query) > most) return undefined;
      return this.#readOne({ ...query, series }, COLUMN_NAMES);
    });
  }

  /** Some columns of what `read` answers, those that the series has, and which state of the candles it is of. */
  readPart<C extends CandleColumn>(query: CheckedQuery, columns: readonly C[]): StatedColumns<C> {
    return this.#reading(() => ({
      columns: this.#readOne(query, columns),
      state: this.#archive.changes.newest,
    }));
  }

  /** Some columns of what `read` answers, NaN where there is none; the others are not decoded where they are compressed. */
  readColumns<C extends CandleColumn>(query: CheckedQuery, columns: readonly C[]): SomeColumns<C> {
    // Of optional columns that the series lacks, the timestamps tell the length.
    const areThere = columns.every((name) => CANDLE_COLUMNS[name].required);
    const names: readonly CandleColumn[] = areThere ? columns : [...columns, 'timestamp'];
    const found: Partial<CandleColumns> = this.#reading(() => this.#readOne(query, names));
    const absent = (): Float64Array =>
      new Float64Array(found.timestamp?.length ?? 0).fill(Number.NaN);
    return mapColumns(columns, (name) => found[name] ?? absent());
  }

  /** Several reads of one state of the database. */
  readMany(queries: readonly CheckedQuery[]): CandleColumns[] {
    return this.#reading(() => decide(readCandles(queries, COLUMN_NAMES), this.#archive));
  }

  /** For each request, one series; all of one state of the database. */
  snapshots(requests: readonly CheckedSnapshotRequest[]): ArchiveSnapshot[] {
    return this.#reading(() => decide(readSnapshots(requests), this.#archive));
  }

  /** Removes candles and coverage in `[from, to)`. */
  remove(key: SeriesKey, range: Interval): RemovalOutcome {
    return { removed: this.#change(removeCandles(key, range)) };
  }

  /** A text for each range, in their order, of one state of the database. */
  revisions(key: SeriesKey, ranges: readonly Interval[]): string[] {
    return this.#reading(() => this.#archive.revisions.of(this.#archive.find(key), ranges));
  }

  /**
   * Notes in the change log, and by new revisions, that others may have changed a range. A series that
   * is not there comes into being, without candles: the entries belong to it.
   */
  announce(key: SeriesKey, range: Interval): void {
    this.#change(announceChange(key, range));
  }

  list(filter: SeriesFilter): SeriesInfo[] {
    return this.#reading(() => this.#archive.series.list(filter));
  }

  addCoverage(key: SeriesKey, entry: CoverageEntry): void {
    this.#change(addCoverage(key, entry));
  }

  /** The entries that touch the range, ascending. */
  coverageOf(key: SeriesKey, range: Interval): CoverageEntry[] {
    return this.#reading(() => {
      const series = this.#archive.find(key);
      return series === undefined ? [] : this.#archive.coverage.touching(series.id, [range]);
    });
  }

  removeCoverage(key: SeriesKey, range: Interval): void {
    this.#change(removeCoverage(key, range));
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
      ...this.#archive.series.totals(),
      bytes:
        readNumberPragma(this.#driver, 'page_count') * readNumberPragma(this.#driver, 'page_size'),
    }));
  }

  /** What other connections committed since this one was opened or asked last. */
  readChanges(): RemoteChanges {
    return this.#reading(() => this.#archive.changes.readNews());
  }

  checkIntegrity(key: SeriesKey | undefined): IntegrityReport {
    return guarded(() => checkIntegrity(this.#archive, key));
  }

  /**
   * Moves segments that cannot be read out of the way, with the coverage of their time.
   * What belongs to one series is one transaction.
   */
  quarantine(key: SeriesKey | undefined): QuarantineReport {
    return guarded(() => {
      const keys = key === undefined ? this.#archive.series.keys() : [key];
      const runs = keys.flatMap((one) => {
        // Decoding takes long and most series are sound, so the write lock waits until it is needed.
        const isFaulty = this.#reading(() => decide(needsQuarantine(one), this.#archive));
        return isFaulty ? this.#change(quarantineSeries(one)) : [];
      });
      return { candles: runs.reduce((sum, { candles }) => sum + candles, 0), runs };
    });
  }

  /** Mends what `checkIntegrity` finds, or takes it out of the way: see `repairDatabase`. */
  repair(key: SeriesKey | undefined): RepairReport {
    return guarded(() => repairDatabase(this.#archive, key));
  }

  /** How the candles of a series are stored. */
  archiveFigures(key: SeriesKey): ArchiveFigures {
    return this.#reading(() => this.#figures(key));
  }

  /**
   * Compacts some candles of a series, at an instant or after it, in one short transaction; the next
   * step begins at `next`. `undefined` when all that is left is as the archive policy wants it.
   *
   * @throws BarkeepError `CORRUPT` naming series and range of a damaged segment.
   */
  compactSeries(key: SeriesKey, from: EpochMs): CompactionStep | undefined {
    return this.#change(compactionStep(key, from, this.#policy));
  }

  /** What `compactSeries` would do to all series that match, without doing it. */
  explain(filter: SeriesFilter): CompactionReport {
    const [before, after]: [SeriesFigures[], SeriesFigures[]] = [[], []];
    for (const { symbol, timeframe } of this.list(filter)) {
      // One snapshot per series: a longer one would keep the WAL from being reset meanwhile.
      this.#reading(() => {
        const key = { symbol, timeframe };
        const figures = this.#figures(key);
        const then = decide(explainCompaction(key, this.#policy, figures), this.#archive);
        before.push({ key, figures });
        after.push({ key, figures: then });
      });
    }
    return comparedFigures(before, after);
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
      throw new BarkeepError('BUSY', 'other connections keep the WAL in use');
    });
  }

  /** Brings the whole WAL into the database and empties it; returns whether no connection kept it in use. */
  emptyWal(): boolean {
    return guarded(() => this.#wal.empty());
  }

  close(): void {
    guarded(() => this.#driver.close());
  }

  #figures(key: SeriesKey): ArchiveFigures {
    const series = this.#archive.find(key);
    if (series === undefined) return archiveFigures(0, 0, 0);
    const { segments, bytes } = this.#archive.candleSegments.totals(series.id);
    return archiveFigures(segments, bytes, series.rowCount);
  }

  #readOne<C extends CandleColumn>(query: ReadLoad, columns: readonly C[]): FoundColumns<C> {
    const [answer = noCandles(columns)] = decide(readCandles([query], columns), this.#archive);
    return answer;
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

  #change<T>(decision: Decision<T>): T {
    return this.#writing(() => decide(decision, this.#archive));
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
