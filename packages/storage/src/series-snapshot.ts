import type { CandleSeries, EpochMs, Interval, SeriesKey } from '@barkeep/core';
import type { CoverageEntry } from './coverage-repository.ts';

/** A range of a series to take from a snapshot. */
export interface SnapshotRange {
  /** Default: the beginning. */
  readonly from?: EpochMs | undefined;
  /** Default: the end. */
  readonly to?: EpochMs | undefined;
  /**
   * - `never`: the revision only (the default)
   * - `always`: the candles, too
   * - `{ unless }`: the candles, too, unless this is the range's revision and the caller has them
   */
  readonly candles?: 'never' | 'always' | { readonly unless: string } | undefined;
  /** At most this many candles; 0 gives none. Default: all. The revision is always that of the whole range. */
  readonly limit?: number | undefined;
  /** Which ones when `limit` cuts. Default: `first` when `from` is given, else `last`. */
  readonly take?: 'first' | 'last' | undefined;
}

/** What to take from one series. */
export interface SnapshotRequest extends SeriesKey {
  /** Default: none, for extent and coverage alone. */
  readonly ranges?: readonly SnapshotRange[] | undefined;
}

/** A range of a snapshot. */
export interface SnapshotPart {
  /**
   * As `candles.revisions` gives it. A storage without that capability gives one of its own, which only
   * compares with those that the same instance gave.
   */
  readonly revision: string;
  /** `undefined` when they were not wanted. */
  readonly candles: CandleSeries | undefined;
}

/**
 * One series at one instant: extent, coverage, revisions and candles are all of the same state, which
 * the storage really had between the call and its answer.
 */
export interface SeriesSnapshot {
  readonly key: SeriesKey;
  /** From the first candle to the end of the last one's period; `undefined` when there is none. */
  readonly extent: Interval | undefined;
  /** All of the series' entries, ascending, without overlap. */
  readonly coverage: readonly CoverageEntry[];
  /** In the order of the request. */
  readonly ranges: readonly SnapshotPart[];
}
