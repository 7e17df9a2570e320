import type { CallOptions, Interval, SeriesKey } from '@barkeep/core';

/**
 * What `repair` does about a problem.
 * - `recount`: rewrites counters and index entries from the candles. If candles are missing or
 *   duplicated, also removes the coverage of the series
 * - `rebuild`: rebuilds derived data (indexes, views, the free page list); nothing is lost
 * - `forget-coverage`: drops the coverage entry, so that the next fetch requests the range again
 * - `quarantine`: moves data that cannot be trusted out of the way and removes its coverage
 * - `restore-backup`: nothing; only a backup helps. At most removes coverage, so that untrusted
 *   data does not count as complete
 */
export type IntegrityRemedy =
  | 'recount'
  | 'rebuild'
  | 'forget-coverage'
  | 'quarantine'
  | 'restore-backup';

/** A problem found in the storage. */
export interface IntegrityProblem {
  /**
   * - `order`: candles out of order or duplicated
   * - `value`: a candle that breaks a rule, such as `high` below `low`
   * - `counter`: count, first or last timestamp of a series does not match its candles
   * - `coverage`: coverage entries that overlap, are unaligned or out of range
   * - `reference`: rows that belong to no series
   * - `damaged`: bytes that cannot be read or that contradict each other
   */
  readonly kind: 'order' | 'value' | 'counter' | 'coverage' | 'reference' | 'damaged';
  /** What `repair` does about it. */
  readonly repair: IntegrityRemedy;
  readonly key?: SeriesKey;
  readonly interval?: Interval;
  /** The table concerned, if nothing more precise is known. */
  readonly table?: string;
  readonly message: string;
}

export interface IntegrityReport {
  readonly ok: boolean;
  /** Number of series with candles, and of candles: everything that was checked. */
  readonly series: number;
  readonly candles: number;
  /** At most 1,000; `truncated` is true if there are more. */
  readonly problems: readonly IntegrityProblem[];
  readonly truncated: boolean;
}

/** Candles lost because their bytes cannot be read. */
export interface QuarantinedRun {
  readonly key: SeriesKey;
  /** Their whole periods. No longer covered, so the next fetch requests them again. */
  readonly interval: Interval;
  /** Number of candles lost. */
  readonly candles: number;
  /** What is wrong with them. */
  readonly message: string;
}

/** What was quarantined. */
export interface QuarantineReport {
  /** Total number of candles lost. */
  readonly candles: number;
  /** Sorted by series and time. */
  readonly runs: readonly QuarantinedRun[];
}

/** Something that was repaired or quarantined. */
export interface IntegrityRepair {
  /** The kind of problem it was. */
  readonly kind: IntegrityProblem['kind'];
  readonly key?: SeriesKey;
  readonly interval?: Interval;
  /** What was done. */
  readonly message: string;
}

/** What a repair did. */
export interface RepairReport {
  /** At most 1,000; `truncated` is true if there are more. */
  readonly repairs: readonly IntegrityRepair[];
  readonly truncated: boolean;
  /** Series whose reads may return something else now. */
  readonly series: readonly SeriesKey[];
  /** What a check still finds afterwards and cannot be repaired. At most 1,000. */
  readonly remaining: readonly IntegrityProblem[];
}

/** Checks and repairs stored data. */
export interface IIntegrityCheck {
  /**
   * Reads all data, or one series, and reports every problem. Damaged data is reported, never
   * thrown. Changes nothing. Periods that were never fetched are not a problem; see
   * `coverage.continuity`.
   */
  check(key?: SeriesKey, options?: CallOptions): Promise<IntegrityReport>;

  /**
   * Moves damaged candles, of all series or of one, out of the way so that the rest can be read.
   * Removes their coverage, so that the next fetch of a market data service requests them again.
   * The damaged bytes are kept, but no longer read. Does nothing in storages whose candles cannot
   * be damaged.
   */
  quarantine(key?: SeriesKey, options?: CallOptions): Promise<QuarantineReport>;

  /**
   * Repairs what `check` finds, in all series or in one: corrects counters and metadata of intact
   * candles and quarantines what cannot be repaired. If candles are lost and their times are
   * unknown, removes the coverage of the whole series. Problems that only a backup can fix are
   * returned in `remaining`.
   */
  repair(key?: SeriesKey, options?: CallOptions): Promise<RepairReport>;
}
