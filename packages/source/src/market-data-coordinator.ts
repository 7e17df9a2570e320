import type { CallOptions, CandleInput, EpochMs, Interval, SeriesKey } from '@barkeep/core';

/** A range of one series to fetch: whole periods, `[from, to)`. */
export interface CandleRequest extends SeriesKey, Interval {}

/** The result of `fetchCandles`. */
export interface CandleDelivery {
  /**
   * Candles in any order. Candles outside the request are stored too, as not final, and never
   * replace covered ones. If all candles are outside the request, the delivery is rejected with
   * `SOURCE_FAILED`. A candle that is invalid or lies in the future is dropped: its period stays
   * missing and is requested again later, and the rest is stored.
   */
  readonly candles: CandleInput;
  /**
   * The ranges for which these candles are complete. Default: the whole request. Return less if
   * only a part could be fetched: the rest stays missing and is requested again. Ranges are clipped
   * to the request. Periods that have not closed are never covered, whatever this says.
   */
  readonly covers?: Interval | readonly Interval[] | undefined;
  /**
   * Where the candles came from, such as `upbit-rest`. Stored with the coverage. Default:
   * `coordinator`.
   */
  readonly source?: string | undefined;
  /**
   * The exchange's own time of the response, from the `Date` header or the body; of several pages,
   * the earliest. Periods that had not closed by then are not complete, even if our clock is ahead
   * or the exchange's REST API lags. Default: unknown; our clock decides.
   */
  readonly asOf?: EpochMs | undefined;
  /**
   * The start of the market's history, if the exchange reports it. Nothing earlier is requested
   * again or counts as missing. An empty page does not prove it. Ignored if it lies in the future,
   * or after a candle that was delivered or stored.
   */
  readonly historyStart?: EpochMs | undefined;
}

/** How storing a delivery went. Use it to adjust the size and pace of the next ones. */
export interface DeliveryFeedback {
  readonly request: CandleRequest;
  readonly candles: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Duration of the `fetchCandles` call in milliseconds, without earlier attempts. */
  readonly fetchMs: number;
  /** Duration of the write in milliseconds. */
  readonly storeMs: number;
}

/**
 * Fetches history that Barkeep does not have. Implement it for an exchange's REST API, another
 * database or a file.
 *
 * Barkeep requests exactly the missing ranges: nothing beyond the current period, no period twice
 * at a time, at most `fetching.maxPeriodsPerFetch` periods per request, at most
 * `fetching.maxConcurrentFetches` requests at a time, with series taking turns. A period that has
 * only just closed is requested once more after it has settled. Paging within a request and the
 * exchange's rate limit are up to the coordinator.
 *
 * If the exchange returns no candle for a period without trades, do not fill it in: `covers` (or
 * its default) marks the period as known to be empty.
 *
 * @example
 * const coordinator: IMarketDataCoordinator = {
 *   async fetchCandles({ symbol, timeframe, from, to }, { signal }) {
 *     const rows = await exchange.candles(symbol, timeframe, { from, to, signal });
 *     return { candles: rows, source: 'my-exchange' };
 *   },
 * };
 */
export interface IMarketDataCoordinator {
  /**
   * Fetches the candles of a range.
   *
   * Reject to report a failure. If `retryable` is `true` on the error (a `BarkeepError` or any
   * object), the call is retried with exponential backoff; any other error is reported to the
   * reader at once. The coordinator is not called while `details.retryAfterMs` milliseconds pass. A
   * call that takes longer than `fetching.timeoutMs` is aborted and counts as retryable. After
   * several retryable failures in a row, the circuit breaker (`fetching.breaker`) pauses all calls.
   *
   * When `signal` aborts, stop and reject. Do not return partial results without `covers`: the
   * whole requested range would be recorded as fetched. A coordinator that reads from the service
   * it serves, such as to derive a timeframe, must pass `signal` to that read, which then runs in
   * place of this call instead of queueing for a slot.
   */
  fetchCandles(
    request: CandleRequest,
    options: Required<CallOptions>,
  ): CandleDelivery | Promise<CandleDelivery>;

  /**
   * How long after a period's end the exchange may still return it incomplete or correct it, in
   * milliseconds. Data fetched sooner is provisional and requested once more. Default: the
   * service's `fetching.settlingMs`, which takes precedence if configured.
   */
  readonly settlingMs?: number | undefined;

  /** Called after each delivery was stored. An error it throws surfaces as an uncaught error. */
  feedback?(feedback: DeliveryFeedback): void;
}
