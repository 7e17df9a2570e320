import type { CallOptions, EpochMs } from '@barkeep/core';
import type { SeriesFilter } from './candle-repository.ts';

/** What a compaction did, or would do, to the series it looked at. */
export interface CompactionReport {
  /** How many series it changes. */
  readonly series: number;
  /** Compressed runs of candles. */
  readonly segmentsBefore: number;
  readonly segmentsAfter: number;
  /** Candles that are stored one by one. */
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  /** What segments and rows take, in bytes; rows by estimate. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** How the space of a storage is used. A storage without pages counts none, and has nothing free. */
export interface FragmentationReport {
  /** In bytes. */
  readonly pageBytes: number;
  readonly pages: number;
  /** Pages that hold nothing, and that later writes will use. */
  readonly freePages: number;
  /** `freePages / pages`: 0 to 1. */
  readonly freeRatio: number;
  /** What waits in the write-ahead log to be brought into the database. */
  readonly logBytes: number;
  /** There when it was asked for, and the storage can tell. */
  readonly tables: readonly TableFragmentation[] | undefined;
}

/** How one table or index uses its pages. */
export interface TableFragmentation {
  readonly name: string;
  readonly kind: 'table' | 'index';
  readonly pages: number;
  /** Of its pages, in bytes. */
  readonly unusedBytes: number;
  /** The share of pages that follow their predecessor in the file: 1 reads from front to back. */
  readonly sequentialRatio: number;
}

export interface FragmentationOptions extends CallOptions {
  /** Reads the header of every page to describe each table and index. Default: false. */
  readonly tables?: boolean | undefined;
}

export interface IncrementalVacuumOptions extends CallOptions {
  /** The most free pages to give back in this call. Default: 100. */
  readonly pages?: number | undefined;
}

/** What was given back to the file system. */
export interface VacuumReport {
  readonly pagesBefore: number;
  readonly pagesAfter: number;
  readonly freedBytes: number;
  readonly tookMs: number;
}

/** Something about the queries, indexes or tables of a storage that is worth a change. */
export interface MaintenanceAdvice {
  /**
   * - `full-scan`: a statement reads a whole table where an index is expected
   * - `unused-index`: no statement of Barkeep uses an index that was added
   * - `redundant-index`: another index, or the table's own order, begins with the same columns
   * - `column-order`: an index has the right columns, and a statement needs them in another order
   * - `foreign-table`: a table that is not Barkeep's; it is left alone
   * - `slow-query`: a statement took far longer than it usually does
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
  /** What to do, such as an SQL statement; nothing of it is done by itself. */
  readonly suggestion: string;
}

/** A statement that took far longer than it usually does. */
export interface SlowQuery {
  readonly at: EpochMs;
  readonly sql: string;
  /** Types and lengths of its parameters, never their values. */
  readonly parameters: string;
  readonly tookMs: number;
  /** What counted as slow then. */
  readonly thresholdMs: number;
  /** The steps of its plan. */
  readonly plan: readonly string[];
}

/** Keeps other processes from the same work for a time. */
export interface LeaseRequest {
  /** What is leased, such as `maintenance`. */
  readonly name: string;
  /** Who asks: the same owner may renew its lease. */
  readonly owner: string;
  /** For how long, in milliseconds; 0 gives it back. */
  readonly forMs: number;
}

/** Brings what is stored into the form that takes the least space and reads the fastest. */
export interface IStorageMaintenance {
  /**
   * Compacts every series, or those that match a filter, as the storage's policy says. No answer of
   * any other call changes by it. It works in small steps, so reads and writes go on meanwhile, and
   * what was done before it was aborted or killed stays done.
   *
   * @throws BarkeepError `CORRUPT` when a series is damaged: see `integrity.quarantine`.
   */
  compact(filter?: SeriesFilter, options?: CallOptions): Promise<CompactionReport>;

  /** What `compact` would do now, without doing it. */
  explain(filter?: SeriesFilter, options?: CallOptions): Promise<CompactionReport>;

  /** How much is free, from counters; with `tables` also how each table and index lies, which takes a while. */
  fragmentation(options?: FragmentationOptions): Promise<FragmentationReport>;

  /**
   * Builds the storage anew without free pages, each table in one piece. Reads go on, and writes wait
   * until it is done: see `incrementalVacuum` for what never makes them wait. It needs as much disk
   * space again as the storage takes.
   *
   * @throws BarkeepError `DISK_FULL` before anything is begun, when there is not enough space; `BUSY`.
   */
  vacuum(options?: CallOptions): Promise<VacuumReport>;

  /** Gives some free pages back in one short step, between writes. Nothing else moves. */
  incrementalVacuum(options?: IncrementalVacuumOptions): Promise<VacuumReport>;

  /** Renews what the storage knows of its tables to plan queries by, where that is stale. */
  analyze(options?: CallOptions): Promise<void>;

  /** Builds all indexes anew, those that users added too. Returns their names. Writes wait meanwhile. */
  reindex(options?: CallOptions): Promise<string[]>;

  /** What would be worth a change. Nothing is changed, and nothing that users added is ever dropped. */
  advise(options?: CallOptions): Promise<MaintenanceAdvice[]>;

  /** Statements that took far longer than they usually do: the latest 100. */
  slowQueries(options?: CallOptions): Promise<SlowQuery[]>;

  /**
   * Leases something to one owner over all processes that share the storage. Returns whether this owner
   * has it now: false while another one's lease has not run out.
   */
  lease(request: LeaseRequest, options?: CallOptions): Promise<boolean>;
}
