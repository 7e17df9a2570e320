import type { BarkeepError, Interval, IntervalSet } from '@barkeep/core';
import type { FetchFailure } from '../contract/candle-answer.ts';

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
