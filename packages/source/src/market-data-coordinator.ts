import type { CallOptions, CandleInput, EpochMs, Interval, SeriesKey } from '@barkeep/core';

/** A stretch of one series to fetch: whole periods, `[from, to)`. */
export interface CandleRequest extends SeriesKey, Interval {}

/** What a coordinator delivers. */
export interface CandleDelivery {
  /**
   * In any order. Candles outside the request are stored too, as not final, and never in place of covered
   * ones; they are welcome only beside candles inside the request. A delivery whose candles all lie
   * outside has answered another question, and one invalid candle, or one from the future, spoils the
   * rest: nothing of it is stored, and it is reported as `SOURCE_FAILED`.
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
   * The exchange's own time of the answer, such as the `Date` header or a server time in the body: what
   * had not ended by then is not complete, even if our clock is ahead or the exchange's REST interface
   * lags. Of several pages, the earliest. Default: unknown, and our clock decides.
   */
  readonly asOf?: EpochMs | undefined;
  /**
   * The first instant the market has history for, when the source knows. Nothing before it is asked
   * for again, and nothing before it counts as missing. An empty page does not prove it. It is ignored
   * when it lies in the future, or after a candle that was delivered or stored.
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
 * periods, at most `fetching.maxConcurrentFetches` at a time, and series by series in turn. What has
 * only just ended is asked for once more when it has settled. Paging within a request and the rate
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
   * tried again with exponential backoff; any other error is reported to the reader at once. While
   * `details.retryAfterMs` milliseconds pass, nobody calls this coordinator. A call that outlasts
   * `fetching.timeoutMs` is given up and counts as retryable. After several retryable failures in a row
   * the coordinator is left alone for a while (`fetching.breaker`).
   *
   * `signal` fires when nobody waits for the answer any more: stop working then, and reject. A delivery
   * cut short that says nothing of `covers` would claim what it left out. A coordinator that reads from
   * the very service it serves, such as to derive a timeframe, passes `signal` on to that read, which
   * then takes the place of this call instead of waiting for one of its own.
   */
  fetchCandles(
    request: CandleRequest,
    options: Required<CallOptions>,
  ): CandleDelivery | Promise<CandleDelivery>;

  /**
   * How long after the end of a period the source may still deliver it incomplete or correct it, in
   * milliseconds: a delivery that is younger is provisional, and asked for once more. Default: the
   * service's `fetching.settlingMs`, which wins where it is configured.
   */
  readonly settlingMs?: number | undefined;

  /** Called after each delivery was stored. What it throws surfaces as an uncaught error. */
  feedback?(feedback: DeliveryFeedback): void;
}
