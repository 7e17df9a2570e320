import type { CandleSeries, EpochMs, Interval, SeriesKey } from '@barkeep/core';
import type { CoverageEntry } from './coverage-repository.ts';

/** A range of a series to include in a snapshot. */
export interface SnapshotRange {
  /** Start, inclusive. Default: the beginning. */
  readonly from?: EpochMs | undefined;
  /** End, exclusive. Default: the end. */
  readonly to?: EpochMs | undefined;
  /**
   * - `never`: only the revision (default)
   * - `always`: the candles, too
   * - `{ unless }`: the candles, too, unless the range still has this revision
   */
  readonly candles?: 'never' | 'always' | { readonly unless: string } | undefined;
  /**
   * Maximum number of candles; 0 returns none. The revision always covers the whole range. Default:
   * all.
   */
  readonly limit?: number | undefined;
  /**
   * Which candles to keep if there are more than `limit`. Default: `first` if `from` is given,
   * otherwise `last`.
   */
  readonly take?: 'first' | 'last' | undefined;
}

/** A snapshot of one series. */
export interface SnapshotRequest extends SeriesKey {
  /** Ranges to include. Default: none; the snapshot then has extent and coverage only. */
  readonly ranges?: readonly SnapshotRange[] | undefined;
}

/** One range of a snapshot. */
export interface SnapshotPart {
  /**
   * The revision of the range, as from `candles.revisions`. If the storage does not support
   * revisions, it is only comparable with others from the same instance.
   */
  readonly revision: string;
  /** `undefined` if not requested. */
  readonly candles: CandleSeries | undefined;
}

/**
 * One series at one instant. Extent, coverage, revisions and candles are all of the same state, one
 * that the storage had between the call and its result.
 */
export interface SeriesSnapshot {
  readonly key: SeriesKey;
  /**
   * From the first candle to the end of the last candle's period; `undefined` if there are none.
   */
  readonly extent: Interval | undefined;
  /** All coverage entries of the series, in ascending order, without overlap. */
  readonly coverage: readonly CoverageEntry[];
  /** In the order of the request. */
  readonly ranges: readonly SnapshotPart[];
}
