import type { CandleSeries, EpochMs, Interval, SeriesKey } from '@barkeep/core';
import type { CoverageEntry } from './coverage-repository.ts';

/** A stretch of a series to take from a snapshot. */
export interface SnapshotRange {
  /** Default: the beginning. */
  readonly from?: EpochMs | undefined;
  /** Default: the end. */
  readonly to?: EpochMs | undefined;
  /**
   * - `never`: the revision only (the default)
   * - `always`: the candles, too
   * - `{ unless }`: the candles, too, unless this is the range's revision: the caller has them
   */
  readonly candles?: 'never' | 'always' | { readonly unless: string } | undefined;
  /** At most this many candles. Default: all. The revision is the whole range's all the same. */
  readonly limit?: number | undefined;
  /** Which ones when `limit` cuts. Default: `first` when `from` is given, else `last`. */
  readonly take?: 'first' | 'last' | undefined;
}

/** What to take from one series. */
export interface SnapshotRequest extends SeriesKey {
  /** Default: none, and only extent and coverage are told. */
  readonly ranges?: readonly SnapshotRange[] | undefined;
}

/** A range of a snapshot. */
export interface SnapshotPart {
  /** As `candles.revisions` gives it; without that capability, valid in this process only. */
  readonly revision: string;
  /** `undefined` when they were not wanted. */
  readonly candles: CandleSeries | undefined;
}

/**
 * One series at one instant: extent, coverage, revisions and candles are all of the same state, one that
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
