import type { BarkeepError, CandleSeries, EpochMs, Interval } from '@barkeep/core';
import type { CoverageEntry } from '@barkeep/storage';

/** How many candles of the answer came from each tier. */
export interface CandleOrigins {
  readonly cache: number;
  /** From the router: candles in progress. */
  readonly router: number;
  readonly disk: number;
  readonly storage: number;
  /** Fetched during this call. */
  readonly coordinator: number;
}

/** A range the coordinator failed to deliver, or the period of an invalid candle. */
export interface FetchFailure {
  /** The range. For an invalid candle, its period; if that is unknown, the requested range. */
  readonly interval: Interval;
  /**
   * `SOURCE_FAILED` with the coordinator's error as `cause` or, for an invalid candle, with
   * `field`, `rule` and `timestamp` in `details`; `TIMEOUT`; `OVERLOADED`; `ABORTED` if the service
   * is closing; or the storage's error if the candles could not be stored.
   */
  readonly error: BarkeepError;
  /**
   * Number of attempts. 0 if it was not requested: because another request of the same read failed
   * first, or because a candle of the range was invalid recently and the next request is not due
   * yet.
   */
  readonly attempts: number;
}

/** Candles, and how complete they are. Frozen: equal queries may return the same object. */
export interface CandleAnswer {
  /** The candles, in ascending order. */
  readonly series: CandleSeries;
  /**
   * The time range this answer covers, in whole periods. If `limit` cut the result, it begins or
   * ends at the candle of the cut. Without `from`, it begins where anything is known of the series;
   * without `to`, it ends after the current period. It does not begin before `retainedFrom`.
   * `undefined` if nothing is known.
   */
  readonly range: Interval | undefined;
  /**
   * Closed periods in `range` that were never fetched. Candles may be absent there, and those
   * present may still change. Any other period without a candle had no trades.
   */
  readonly missing: readonly Interval[];
  /** The coverage entries within `range`: sources and times of fetching. */
  readonly coverage: readonly CoverageEntry[];
  /**
   * What the coordinator could not deliver in this call, and what was not requested because of
   * that. The next call tries again, except that the period of an invalid candle is requested again
   * after a minute, then at doubling intervals up to an hour.
   */
  readonly failures: readonly FetchFailure[];
  /**
   * Whether the end of the answer may still change: the last candle's period has not closed, is not
   * covered, or was fetched provisionally (see `fetching.settlingMs`).
   */
  readonly lastMayChange: boolean;
  readonly origins: CandleOrigins;
  /** Start of the market's history, once the coordinator has reported it. */
  readonly historyStart: EpochMs | undefined;
  /**
   * Where retention lets the series begin. `range` does not begin before it, and nothing earlier is
   * missing or fetched. Candles saved before it since then remain in `series` until retention runs
   * again. `undefined` if there is no such limit.
   */
  readonly retainedFrom: EpochMs | undefined;
}
