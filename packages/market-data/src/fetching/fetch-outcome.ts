import type { BarkeepError, Interval, IntervalSet } from '@barkeep/core';

/** A stretch the coordinator was asked for and could not deliver. */
export interface FetchFailure {
  readonly interval: Interval;
  /**
   * `SOURCE_FAILED` with the coordinator's own error as `cause`, `TIMEOUT`, `OVERLOADED`, `ABORTED`
   * when the service is closing, or what the storage said when it could not store.
   */
  readonly error: BarkeepError;
  /** How often it was tried. 0: not at all, because something else had failed before its turn came. */
  readonly attempts: number;
}

/** What came of one request to the coordinator. */
export interface FetchOutcome {
  readonly interval: Interval;
  /** What of it is final now: covered, and nobody needs to ask for it again. */
  readonly covered: IntervalSet;
  /** There when it failed; nothing was stored then. */
  readonly failure?: FetchFailure | undefined;
}

export function failedOutcome(
  interval: Interval,
  error: BarkeepError,
  attempts: number,
): FetchOutcome {
  return { interval, covered: [], failure: { interval, error, attempts } };
}
