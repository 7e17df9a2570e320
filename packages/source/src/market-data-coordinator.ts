import type { CallOptions, CandleInput, EpochMs, Interval, SeriesKey } from '@barkeep/core';

/** A stretch of one series to fetch: whole periods, `[from, to)`. */
export interface CandleRequest extends SeriesKey, Interval {}

/** What a coordinator delivers. */
export interface CandleDelivery {
  /**
   * In any order. Candles outside the request are stored too, as not final. One invalid candle
   * rejects the delivery: nothing of it is stored, and it is reported as `SOURCE_FAILED`.
   */
  readonly candles: CandleInput;
  /**
   * The stretches these candles are complete for. Default: all of the request. Give less when only a
   * part could be fetched: the rest stays missing and a later read asks for it again. What is given lies
   * within the request and ends with the last period that has ended. Periods that have not ended are
   * never taken as complete, whatever this or its default says.
   */
  readonly covers?: Interval | readonly Interval[] | undefined;
  /** Who delivered, such as `upbit-rest`; kept with the coverage. Default: `coordinator`. */
  readonly source?: string | undefined;
  /**
   * The first instant the market has history for, when the source knows. Nothing before it is asked
   * for again, and nothing before it counts as missing. An empty page does not say so.
   */
  readonly historyStart?: EpochMs | undefined;
}

/** How storing a delivery went: what a coordinator may use to size and pace its next ones. */
export interface DeliveryFeedback {
  readonly request: CandleRequest;
  readonly candles: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** From the call of `fetchCandles` to its answer, in milliseconds, without earlier attempts. */
  readonly fetchMs: number;
  /** What the storage took, in milliseconds. */
  readonly storeMs: number;
}

/**
 * The port through which Barkeep asks for history it does not have. Implement it over an exchange's
 * REST interface, another database, or a file.
 *
 * Barkeep asks for exactly the missing stretches: never for the future beyond the current period,
 * never twice at a time for one period, in requests of at most `fetching.maxPeriodsPerFetch`
 * periods, at most `fetching.maxConcurrentFetches` at a time. Paging within a request and the rate
 * limit of the exchange are the coordinator's.
 *
 * An exchange that sends no candle for a period without trades needs no filling in: deliver what
 * there is, and let `covers` (or its default) say that the rest is known to be empty.
 */
export interface IMarketDataCoordinator {
  /**
   * Delivers candles of a stretch.
   *
   * To fail, reject. An error whose `retryable` is `true` (a `BarkeepError` or any other object) is
   * tried again with exponential backoff, not before `details.retryAfterMs` milliseconds when that is
   * given; any other error is reported to the reader at once. A call that outlasts
   * `fetching.timeoutMs` is given up and counts as retryable.
   *
   * `signal` fires when nobody waits for the answer any more: stop working then, and reject. A delivery
   * cut short that says nothing of `covers` would claim what it left out.
   */
  fetchCandles(
    request: CandleRequest,
    options: Required<CallOptions>,
  ): CandleDelivery | Promise<CandleDelivery>;

  /** Called after each delivery was stored. What it throws surfaces as an uncaught error. */
  feedback?(feedback: DeliveryFeedback): void;
}
