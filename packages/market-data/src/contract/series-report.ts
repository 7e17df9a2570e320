import type { EpochMs, Interval, SeriesKey } from '@barkeep/core';
import type { ContinuityReport, CoverageEntry } from '@barkeep/storage';
import type { LastError } from './market-data-statistics.ts';

/** A failure, as kept with the series it befell. */
export interface RecordedError {
  readonly at: EpochMs;
  readonly code: string;
  readonly message: string;
  readonly interval: Interval;
}

/** The quality of one stored series. */
export interface SeriesReport {
  readonly key: SeriesKey;
  /** Counts of candles, of periods without trades and of missing periods, and the missing stretches. */
  readonly continuity: ContinuityReport;
  /** Who delivered what, and when. */
  readonly coverage: readonly CoverageEntry[];
  /** When the latest covered part was collected. */
  readonly collectedAt: EpochMs | undefined;
  /** The first instant the market has history for, once the coordinator has told. */
  readonly historyStart: EpochMs | undefined;
  /** Where retention lets the series begin: `continuity` does not look before it. */
  readonly retainedFrom: EpochMs | undefined;
  /** The latest failure to fetch, until a fetch succeeds; kept in the storage's metadata. */
  readonly lastError: RecordedError | undefined;
  /** The latest failure to store what the router brought, until storing succeeds. */
  readonly recordingError: LastError | undefined;
  /** What is being fetched at the moment. */
  readonly fetching: readonly Interval[];
}
