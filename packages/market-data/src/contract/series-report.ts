import type { EpochMs, Interval, SeriesKey } from '@barkeep/core';
import type { ContinuityReport, CoverageEntry } from '@barkeep/storage';
import type { LastError } from './market-data-statistics.ts';

/** A failure stored with the series it concerns. */
export interface RecordedError {
  readonly at: EpochMs;
  readonly code: string;
  readonly message: string;
  readonly interval: Interval;
}

/** The quality of one stored series. */
export interface SeriesReport {
  readonly key: SeriesKey;
  /** Numbers of candles, no-trade periods and missing periods, and the missing ranges. */
  readonly continuity: ContinuityReport;
  /** The coverage entries: sources and times of fetching. */
  readonly coverage: readonly CoverageEntry[];
  /** When the most recent covered part was fetched. */
  readonly collectedAt: EpochMs | undefined;
  /** Start of the market's history, once the coordinator has reported it. */
  readonly historyStart: EpochMs | undefined;
  /** Where retention lets the series begin. `continuity` does not include anything earlier. */
  readonly retainedFrom: EpochMs | undefined;
  /** The latest fetch failure, until a fetch succeeds. Stored in the storage's metadata. */
  readonly lastError: RecordedError | undefined;
  /** The latest failure to store candles received from the router, until a write succeeds. */
  readonly recordingError: LastError | undefined;
  /** Ranges being fetched now. */
  readonly fetching: readonly Interval[];
}
