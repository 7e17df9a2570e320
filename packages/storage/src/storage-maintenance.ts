import type { CallOptions, EpochMs, SeriesKey } from '@barkeep/core';
import type { SeriesFilter } from './candle-repository.ts';

/** What a compaction did, or would do. */
export interface CompactionReport {
  /** Number of series changed. */
  readonly series: number;
  /** Segments: compressed runs of candles. */
  readonly segmentsBefore: number;
  readonly segmentsAfter: number;
  /** Rows: candles stored one by one. */
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  /** Size of segments and rows in bytes; rows are estimated. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** How the space of a storage is used. Without pages, all counts are 0. */
export interface FragmentationReport {
  /** Size of one page in bytes. */
  readonly pageBytes: number;
  readonly pages: number;
  /** Unused pages. Later writes will reuse them. */
  readonly freePages: number;
  /** `freePages / pages`: 0 to 1. */
  readonly freeRatio: number;
  /** Size of the write-ahead log that has not been written back to the database, in bytes. */
  readonly logBytes: number;
  /** Present if requested and supported. */
  readonly tables: readonly TableFragmentation[] | undefined;
}

/** How one table or index uses its pages. */
export interface TableFragmentation {
  readonly name: string;
  readonly kind: 'table' | 'index';
  readonly pages: number;
  /** Unused bytes in its pages. */
  readonly unusedBytes: number;
  /**
   * The share of pages that directly follow their predecessor in the file. 1 is fully sequential.
   */
  readonly sequentialRatio: number;
}

export interface FragmentationOptions extends CallOptions {
  /** Also report every table and index. Reads the header of every page. Default: false. */
  readonly tables?: boolean | undefined;
}

export interface IncrementalVacuumOptions extends CallOptions {
  /** Maximum number of free pages to release. More take longer. Default: 100. */
  readonly pages?: number | undefined;
}

/** What was returned to the file system. */
export interface VacuumReport {
  readonly pagesBefore: number;
  readonly pagesAfter: number;
  readonly freedBytes: number;
  readonly tookMs: number;
}

/** A suggested change to queries, indexes or tables. */
export interface MaintenanceAdvice {
  /**
   * - `full-scan`: a statement scans a whole table where an index is expected
   * - `unused-index`: no Barkeep statement uses an index that a user added
   * - `redundant-index`: another index, or the table's own order, starts with the same columns
   * - `column-order`: an index has the right columns, but a statement needs them in another order
   * - `foreign-table`: a table that does not belong to Barkeep; it is left alone
   * - `slow-query`: a statement took far longer than usual
   */
  readonly kind:
    | 'full-scan'
    | 'unused-index'
    | 'redundant-index'
    | 'column-order'
    | 'foreign-table'
    | 'slow-query';
  /** The statement, index or table. */
  readonly subject: string;
  /** What was found. */
  readonly message: string;
  /** What to do, such as an SQL statement. Never applied automatically. */
  readonly suggestion: string;
}

/** A statement that took far longer than usual. */
export interface SlowQuery {
  readonly at: EpochMs;
  readonly sql: string;
  /** Types and lengths of its parameters, never their values. */
  readonly parameters: string;
  readonly tookMs: number;
  /** The threshold at that time, in milliseconds. */
  readonly thresholdMs: number;
  /** The steps of its query plan. */
  readonly plan: readonly string[];
}

/** Reads and writes of a series through one handle. */
export interface SeriesActivity {
  readonly key: SeriesKey;
  readonly reads: number;
  readonly candlesRead: number;
  readonly writes: number;
  readonly inserted: number;
  readonly updated: number;
  /** Writes that inserted candles before the latest one written so far. */
  readonly lateWrites: number;
  readonly lastReadAt: EpochMs | undefined;
  readonly lastWriteAt: EpochMs | undefined;
  /** Recent activity: each call counts 1 and loses half its weight every hour. */
  readonly heat: number;
}

export interface TimeframeActivity {
  readonly inserted: number;
  readonly updated: number;
}

/** Reads and writes through one handle. */
export interface ActivityReport {
  /** When the handle was created. */
  readonly since: EpochMs;
  /** Hottest first. */
  readonly series: readonly SeriesActivity[];
  /** Candles written, by timeframe. */
  readonly timeframes: Readonly<Record<string, TimeframeActivity>>;
}

export interface ActivityOptions extends CallOptions {
  /** Maximum number of series to report. Default: 100. */
  readonly limit?: number | undefined;
}

/** A lease that keeps other processes from doing the same work. */
export interface LeaseRequest {
  /** What to lease, such as `maintenance`. */
  readonly name: string;
  /** Who holds the lease. The same owner can renew it. */
  readonly owner: string;
  /** Duration in milliseconds; 0 releases the lease. */
  readonly forMs: number;
}

/** Compaction, space and query maintenance. */
export interface IStorageMaintenance {
  /**
   * Compacts all series, or those that match a filter, according to the storage's policy. Does not
   * change the result of any other call. Works in small steps, so reads and writes continue; steps
   * completed before an abort or crash are kept.
   *
   * @throws BarkeepError `CORRUPT` if a series is damaged: see `integrity.quarantine`.
   */
  compact(filter?: SeriesFilter, options?: CallOptions): Promise<CompactionReport>;

  /** Reports what `compact` would do now, without doing it. */
  explain(filter?: SeriesFilter, options?: CallOptions): Promise<CompactionReport>;

  /**
   * Reports free space, from counters. With `tables`, also describes each table and index, which
   * takes longer.
   */
  fragmentation(options?: FragmentationOptions): Promise<FragmentationReport>;

  /**
   * Rebuilds the storage without free pages and with each table in one piece. Reads continue;
   * writes wait until it is done. Needs as much free disk space as the storage occupies.
   * `incrementalVacuum` does not make writes wait.
   *
   * @throws BarkeepError `DISK_FULL` before it begins if there is not enough space; `BUSY`.
   */
  vacuum(options?: CallOptions): Promise<VacuumReport>;

  /** Releases some free pages in one short step between writes. Moves nothing else. */
  incrementalVacuum(options?: IncrementalVacuumOptions): Promise<VacuumReport>;

  /** Updates the query planner's statistics where they are stale. */
  analyze(options?: CallOptions): Promise<void>;

  /**
   * Rebuilds all indexes, including those users added. Returns their names. Writes wait until it is
   * done.
   */
  reindex(options?: CallOptions): Promise<string[]>;

  /** Suggests improvements. Changes nothing, and never drops anything users added. */
  advise(options?: CallOptions): Promise<MaintenanceAdvice[]>;

  /** Returns the latest 100 statements that took far longer than usual. */
  slowQueries(options?: CallOptions): Promise<SlowQuery[]>;

  /** Reports which series are hot or cold, how they are written, and how fast timeframes grow. */
  activity(options?: ActivityOptions): Promise<ActivityReport>;

  /**
   * Leases a name to one owner, across all processes that share the storage. Returns whether this
   * owner holds the lease: false while another owner's lease has not expired.
   */
  lease(request: LeaseRequest, options?: CallOptions): Promise<boolean>;
}
