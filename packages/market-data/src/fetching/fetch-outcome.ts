import type { BarkeepError, Interval, IntervalSet } from '@barkeep/core';
import type { FetchFailure } from '../contract/candle-answer.ts';

/** What came of one request to the coordinator. */
export interface FetchOutcome {
  readonly interval: Interval;
  /** What of it is final now: covered, and nobody needs to ask for it again. */
  readonly covered: IntervalSet;
  /** There when it failed as a whole: nothing was stored then, and the read asks for nothing more. */
  readonly failure?: FetchFailure | undefined;
  /** Candles of it that broke a rule and were left out, in this delivery or an earlier one. */
  readonly refused?: readonly FetchFailure[] | undefined;
  /** Nothing was asked: its candles broke a rule, and it is too soon to ask again. */
  readonly isLeftAlone?: boolean | undefined;
}

export function failedOutcome(
  interval: Interval,
  error: BarkeepError,
  attempts: number,
): FetchOutcome {
  return { interval, covered: [], failure: { interval, error, attempts } };
}
