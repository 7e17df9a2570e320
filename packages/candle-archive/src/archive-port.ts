import type { Awaitable, CandleColumns, EpochMs, Interval, SeriesKey } from '@barkeep/core';
import type { CheckedQuery, CoverageEntry } from '@barkeep/storage';
import type { ArchiveChange } from './archive-change.ts';
import type {
  LoadedSegment,
  SegmentEntry,
  StoredSegment,
  UnreadableSegment,
} from './stored-segment.ts';
import type { CandleExtent, CandleSelection, SeriesIdentity, SeriesRow } from './stored-series.ts';

/** What is to be known of a series before candles or coverage of it change. */
export interface ChangeLoad {
  readonly key: SeriesKey;
  /** Whether the series comes into being when it is not there. */
  readonly creates: boolean;
  /** The timestamps of candles to be stored, ascending. */
  readonly at: Float64Array;
  /** Up to how many rows are wanted beside those of the timestamps. */
  readonly mostRows: number;
  /** Whether the segment before the timestamps and the one after them are wanted, too. */
  readonly beside: boolean;
  /** Coverage that overlaps or touches any of these, which ascend, is wanted. */
  readonly covered: readonly Interval[];
}

export interface LoadedChange {
  readonly series: SeriesRow;
  /** The segments from the first timestamp to the last, ascending, and those beside them if wanted. */
  readonly segments: readonly LoadedSegment[];
  /**
   * All rows from the first to the last timestamp, or to the ends of the segments where those reach
   * further. Where there are more than `mostRows`, only the rows of the timestamps; others do no harm.
   */
  readonly rows: CandleColumns;
  readonly areAllRows: boolean;
  /** Ascending. */
  readonly coverage: readonly CoverageEntry[];
}

/** A query, and its series where it was found in this transaction already. */
export type ReadLoad = CheckedQuery & { readonly series?: SeriesRow | undefined };

export interface LoadedCandles {
  readonly series: SeriesRow;
  /** The first or last rows of the selection, up to its limit, ascending. */
  readonly rows: CandleColumns;
  /**
   * The segments, ascending, that reach into the selection; of a limited one, the first or last of them
   * until `isEnough`. Others that reach into it do no harm.
   */
  readonly segments: readonly LoadedSegment[];
}

export interface StateLoad {
  readonly key: SeriesKey;
  readonly ranges: readonly Interval[];
}

export interface ArchivedState {
  readonly series: SeriesRow | undefined;
  /** Of each range. */
  readonly revisions: readonly string[];
  /** The whole ledger, ascending. */
  readonly coverage: readonly CoverageEntry[];
}

export interface FoldLoad extends Pick<CandleSelection, 'from'> {
  readonly series: SeriesIdentity;
  /** How many of the latest rows are not to be folded. */
  readonly keepRows: number;
  readonly mostRows: number;
  readonly mostSegments: number;
}

/** Rows and segments of a series from an instant on. */
export interface FoldPage {
  /** The first of the kept rows; the smallest safe integer when there are not more. */
  readonly horizon: number;
  /** Those that reach beyond the instant, ascending: the first `mostSegments`. */
  readonly segments: readonly SegmentEntry[];
  /** The first `mostRows` before the horizon, from the instant or the first segment's beginning on. */
  readonly rows: CandleColumns;
}

export type SegmentId = readonly [id: number, first: EpochMs];

/**
 * What an archive needs of a database. All calls of one decision belong to one transaction, in which
 * nobody else changes the series that `hold` was asked for.
 *
 * A write makes two calls, `hold` and `apply`, and a read one, whatever they find; maintenance makes more.
 */
export interface ArchivePort {
  /** For each, what is stored; `undefined` for a series that is not there. */
  hold(loads: readonly ChangeLoad[]): Awaitable<readonly (LoadedChange | undefined)[]>;
  /** Returns how many rows each change removed. */
  apply(changes: readonly ArchiveChange[]): Awaitable<readonly number[]>;
  read(loads: readonly ReadLoad[]): Awaitable<readonly (LoadedCandles | undefined)[]>;
  states(loads: readonly StateLoad[]): Awaitable<readonly ArchivedState[]>;
  find(key: SeriesKey): Awaitable<SeriesRow | undefined>;
  foldPage(load: FoldLoad): Awaitable<FoldPage>;
  /** Rows as they are, sound or not, ascending. */
  rows(series: SeriesIdentity, selection: CandleSelection): Awaitable<CandleColumns>;
  /** The first or the last segments that reach into the range, from there on. */
  segments(series: SeriesIdentity, selection: CandleSelection): Awaitable<readonly LoadedSegment[]>;
  /** From the first to the last candle, by what the tables say. */
  extent(series: SeriesIdentity): Awaitable<CandleExtent | undefined>;
  /** The segments of a series, in the order of their beginnings, whatever is said of them. */
  segmentIds(series: SeriesIdentity): Awaitable<readonly SegmentId[]>;
  /** Each of the segments, whatever it is; one that has gone is left out. */
  stored(ids: readonly SegmentId[]): Awaitable<readonly (StoredSegment | UnreadableSegment)[]>;
}
