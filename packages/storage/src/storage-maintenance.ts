import type { CallOptions } from '@barkeep/core';
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
}
