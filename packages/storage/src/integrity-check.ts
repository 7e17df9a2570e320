import type { CallOptions, Interval, SeriesKey } from '@barkeep/core';

/**
 * What `repair` does about a problem.
 * - `recount`: counters, and what an index says of candles, are written anew from the candles. Where
 *   candles are missing or too many, the series is no longer covered
 * - `rebuild`: what follows from the rest (indexes, views, the list of free pages) is made anew; nothing
 *   is lost
 * - `forget-coverage`: the entry is dropped, so that the next fetch brings its time again
 * - `quarantine`: what cannot be trusted is set apart, and is no longer covered
 * - `restore-backup`: none, it is beyond repair. At most, coverage is forgotten, so that nothing that
 *   cannot be trusted passes for complete
 */
export type IntegrityRemedy =
  | 'recount'
  | 'rebuild'
  | 'forget-coverage'
  | 'quarantine'
  | 'restore-backup';

/** Something that should never be found in a storage. */
export interface IntegrityProblem {
  /**
   * - `order`: candles out of order or duplicated
   * - `value`: a candle that breaks a rule of the model, such as high below low
   * - `counter`: a series' count, first or last disagrees with its candles
   * - `coverage`: coverage entries that overlap, are unaligned or lie beyond all time
   * - `reference`: rows that belong to no series
   * - `damaged`: bytes that cannot be read, or that contradict each other
   */
  readonly kind: 'order' | 'value' | 'counter' | 'coverage' | 'reference' | 'damaged';
  /** What `repair` does about it. */
  readonly repair: IntegrityRemedy;
  readonly key?: SeriesKey;
  readonly interval?: Interval;
  /** The part of the database that it is in, where only that is known. */
  readonly table?: string;
  readonly message: string;
}

export interface IntegrityReport {
  readonly ok: boolean;
  /** How many series have candles, and how many candles: all that was checked. */
  readonly series: number;
  readonly candles: number;
  /** At most a thousand; `truncated` says whether there were more. */
  readonly problems: readonly IntegrityProblem[];
  readonly truncated: boolean;
}

/** Candles that were given up because their bytes cannot be read. */
export interface QuarantinedRun {
  readonly key: SeriesKey;
  /** The whole periods they were in; no longer covered, so the next fetch brings them again. */
  readonly interval: Interval;
  /** How many there were. */
  readonly candles: number;
  /** What is wrong with them. */
  readonly message: string;
}

/** What a quarantine set apart. */
export interface QuarantineReport {
  /** How many candles were given up. */
  readonly candles: number;
  /** By series and time. */
  readonly runs: readonly QuarantinedRun[];
}

/** Something that was mended, or taken out of the way. */
export interface IntegrityRepair {
  /** Of the problem. */
  readonly kind: IntegrityProblem['kind'];
  readonly key?: SeriesKey;
  readonly interval?: Interval;
  /** What was done. */
  readonly message: string;
}

/** What a repair did. */
export interface RepairReport {
  /** At most a thousand; `truncated` says whether there were more. */
  readonly repairs: readonly IntegrityRepair[];
  readonly truncated: boolean;
  /** The series that may read differently now. */
  readonly series: readonly SeriesKey[];
  /** What a check finds after it, at most a thousand: it is beyond repair. */
  readonly remaining: readonly IntegrityProblem[];
}

/** Checks what is stored against the rules of the model and of the storage's own format. */
export interface IIntegrityCheck {
  /**
   * Reads everything, or one series, and reports whatever it finds: damage never makes it fail. Changes
   * nothing. Periods that were never fetched are no problem: see `coverage.continuity`.
   */
  check(key?: SeriesKey, options?: CallOptions): Promise<IntegrityReport>;

  /**
   * Sets damaged candles of all series, or of one, apart, so that the rest can be read, and forgets
   * the coverage of their time, so that the next fetch of a market data service brings them again.
   * Nothing is destroyed: the storage keeps the damaged bytes where reads do not look. A storage
   * whose candles cannot be damaged has nothing to set apart.
   */
  quarantine(key?: SeriesKey, options?: CallOptions): Promise<QuarantineReport>;

  /**
   * Mends what `check` finds, in all series or in one: counts anew, corrects what the storage says of
   * candles that are sound, and sets apart, as `quarantine` does, what cannot be mended. Where candles
   * are lost and nobody knows when they were, the coverage of the whole series is forgotten. What only
   * a backup can restore is in `remaining`.
   */
  repair(key?: SeriesKey, options?: CallOptions): Promise<RepairReport>;
}
