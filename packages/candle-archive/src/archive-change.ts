import type { CandleSeries, EpochMs, Interval, OptionalColumn, SeriesKey } from '@barkeep/core';
import type { SegmentHeader } from '@barkeep/segment-codec';
import {
  type CoverageEntry,
  type RevisionBuckets,
  randomRevision,
  revisionBuckets,
} from '@barkeep/storage';
import type { NewSegment, SegmentEntry } from './stored-segment.ts';
import type { SeriesCounters, SeriesIdentity } from './stored-series.ts';

/** A new revision for buckets of a series, or for all of it where they are many. */
export interface Renewal {
  readonly buckets: RevisionBuckets;
  readonly revision: string;
}

/** An entry of the change log; one of candles renews the revisions of a range. */
export type LoggedChange =
  | { readonly kind: 'candles'; readonly range: Interval; readonly renewal: Renewal }
  | { readonly kind: 'coverage'; readonly range: Interval };

/** What is to be made of one series, in this order. What is not named stays as it is. */
export interface ArchiveChange {
  readonly series: SeriesIdentity;
  /** All optional columns that the series then ever had, where they are more. */
  readonly optional?: readonly OptionalColumn[] | undefined;
  /** Segments to be kept aside for inspection before they are removed, with the reason. */
  readonly setApart?: readonly (readonly [segment: SegmentEntry, reason: string])[];
  readonly removedSegments?: readonly SegmentEntry[];
  /** Segments of which the bytes are right, and what is said of them is not. */
  readonly described?: readonly (readonly [id: number, header: SegmentHeader])[];
  readonly segments?: readonly NewSegment[];
  readonly removedRows?: readonly Interval[];
  /** Rows to be inserted, or to take the place of others. */
  readonly rows?: readonly CandleSeries[];
  readonly counters?: SeriesCounters | undefined;
  readonly coverage?: LedgerChange | undefined;
  readonly log?: readonly LoggedChange[];
}

/** What changes in the ledger of coverage. */
export interface LedgerChange {
  /** The beginnings of entries that go. */
  readonly removed: readonly EpochMs[];
  readonly added: readonly CoverageEntry[];
}

/** The entry for a change of candles; the range to renew may be narrower. */
export function candlesChanged(
  { timeframe }: SeriesKey,
  range: Interval,
  renewed: Interval = range,
): LoggedChange {
  const renewal = { buckets: revisionBuckets(timeframe, renewed), revision: randomRevision() };
  return { kind: 'candles', range, renewal };
}
