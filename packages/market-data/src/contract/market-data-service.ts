import type {
  CallOptions,
  CandleInput,
  HandleState,
  Interval,
  OrderBook,
  SeriesKey,
  Ticker,
  Timeframe,
  Trade,
  TradeInput,
  Unsubscribe,
} from '@barkeep/core';
import type {
  OrderBookReadOptions,
  RealtimeWriteResult,
  TradeAppendResult,
  TradeReadOptions,
} from '@barkeep/realtime';
import type { CandleQuery, WriteResult } from '@barkeep/storage';
import type { CandleAnswer } from './candle-answer.ts';
import type { HealthOptions, HealthReport } from './health-report.ts';
import type { IServiceMaintenance } from './maintenance.ts';
import type { MarketDataEvent, MarketDataSelector } from './market-data-event.ts';
import type { MarketDataStatistics } from './market-data-statistics.ts';
import type { RetentionOptions, RetentionReport, RetentionStep } from './retention.ts';
import type { SeriesReport } from './series-report.ts';

export interface SaveCandlesOptions extends CallOptions {
  /** Who delivered them, such as `upbit-websocket`; kept with the coverage. Default: `unknown`. */
  readonly source?: string | undefined;
  /**
   * The stretches these candles are complete for: a period in here without a candle had no trades,
   * and nobody will be asked for it again. The part that has not ended by the service's clock is left
   * out. Default: none, so a coordinator is still asked for these periods.
   */
  readonly covers?: Interval | readonly Interval[] | undefined;
}

export interface GetCandlesOptions extends CallOptions {
  /** Whether the coordinator is asked for what is missing. Default: true, where there is one. */
  readonly fetchMissing?: boolean | undefined;
  /**
   * `report`: an answer with holes says so in `missing` and `failures`. `throw`: such an answer is an
   * error `SOURCE_FAILED` with both in its details; what was fetched meanwhile is stored all the same.
   * Default: `report`.
   */
  readonly onMissing?: 'report' | 'throw' | undefined;
}

/** Selects cached candles: those that match every field given. None given: all. */
export interface InvalidationSelector {
  readonly symbol?: string | undefined;
  /** What the symbol starts with, taken literally. */
  readonly symbolPrefix?: string | undefined;
  readonly timeframe?: Timeframe | undefined;
  /** One of these must be among what `seriesTags` of the configuration gives for the series. */
  readonly tags?: readonly string[] | undefined;
  /** Default: all of time. */
  readonly range?: Interval | undefined;
}

export interface PreloadResult {
  /** How many candles the queries selected. */
  readonly candles: number;
  /** How many of the queries have holes in their answer. */
  readonly incomplete: number;
}

/**
 * Market data as business services see it: candles, tickers, order books and trades, read and
 * written in one place, whatever storage and caches lie below.
 *
 * Only candles are persistent. Tickers, order books and trades live in the realtime cache, with an
 * expiry, and never reach the storage.
 *
 * Every method rejects with `NOT_OPEN` after `close()`, with `ABORTED` when its signal fires, and
 * with `INVALID_INPUT` when an argument breaks a rule.
 */
export interface IMarketDataService extends AsyncDisposable {
  readonly state: HandleState;

  /** `undefined` where the storage cannot be maintained. */
  readonly maintenance: IServiceMaintenance | undefined;

  /** Stores candles: all or none. The last write wins on a timestamp; identical candles cost no write. */
  saveCandles(
    key: SeriesKey,
    candles: CandleInput,
    options?: SaveCandlesOptions,
  ): Promise<WriteResult>;

  /**
   * The candles of one series in `[from, to)`, ascending: from the cache, else the storage, else, for
   * exactly the missing stretches, the coordinator.
   *
   * `{ symbol, timeframe, limit: 200 }` gives the latest 200 candles, the current period's included.
   * In a market with periods without trades the coordinator is asked further and further back for
   * them, within bounds (`fetching.maxSearchRounds`), and not beyond the start of history. With
   * `from`, the first so many are sought forward in the same way.
   *
   * Without `from` and without `limit` it gives everything that is known, and asks only for what is
   * missing since the first candle or covered period.
   *
   * A failing coordinator is not an error by itself: the answer says what is missing and why.
   */
  getCandles(query: CandleQuery, options?: GetCandlesOptions): Promise<CandleAnswer>;

  /**
   * Several queries at once, such as one per symbol; the answers are in their order. All that the
   * cache lacks is read from the storage in one go.
   */
  getCandlesBatch(
    queries: readonly CandleQuery[],
    options?: GetCandlesOptions,
  ): Promise<CandleAnswer[]>;

  /** Reads ahead: afterwards these queries are answered from the cache, as far as it has room. */
  preload(queries: readonly CandleQuery[], options?: GetCandlesOptions): Promise<PreloadResult>;

  /**
   * Drops cached candles on every tier, and what is remembered of their series: here, and, by way of
   * the storage's change feed, in every process that hears it. Needed only when the storage was changed
   * behind the back of that feed.
   */
  invalidate(selector?: InvalidationSelector, options?: CallOptions): Promise<void>;

  /** How complete and how fresh a series is, and what went wrong last. */
  describeSeries(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<SeriesReport>;

  /**
   * Removes what the rules of the configuration (`retention`) no longer keep, in many short writes that
   * let others in between. What is removed is not fetched again and not missing: see `retainedFrom`. Rules
   * that keep more than before let it be fetched again. A series that fails is named in the report, and
   * keeps no other from it. Aborted or killed, it goes on with the next call.
   */
  applyRetention(options?: RetentionOptions): Promise<RetentionReport>;

  /** The same step by step, for callers who want to pause or end between them. Nothing runs in between. */
  retentionSteps(options?: RetentionOptions): AsyncGenerator<RetentionStep, RetentionReport, void>;

  /** What `applyRetention` would do now, by series. Nothing is changed. */
  explainRetention(options?: CallOptions): Promise<RetentionReport>;

  /** `stale` when the cache has a newer one, which stays. */
  updateTicker(ticker: Ticker, options?: CallOptions): Promise<RealtimeWriteResult>;
  /** `undefined` when there is none or it has expired. */
  getTicker(symbol: string, options?: CallOptions): Promise<Ticker | undefined>;
  /** In the order of the symbols. */
  getTickers(symbols: readonly string[], options?: CallOptions): Promise<(Ticker | undefined)[]>;

  /** `stale` when the cache has a newer one, which stays. */
  updateOrderBook(book: OrderBook, options?: CallOptions): Promise<RealtimeWriteResult>;
  /** `undefined` when there is none or it has expired. */
  getOrderBook(symbol: string, options?: OrderBookReadOptions): Promise<OrderBook | undefined>;

  /** Trades that are already there, by id, are counted and left out. */
  appendTrades(
    symbol: string,
    trades: readonly TradeInput[],
    options?: CallOptions,
  ): Promise<TradeAppendResult>;
  /** Ascending by time. */
  getTrades(symbol: string, options?: TradeReadOptions): Promise<Trade[]>;

  /**
   * Calls the listener for what the selector matches (`{}`: everything): realtime values as they are
   * stored, and stretches in which candles or coverage changed. What the listener throws surfaces
   * as an uncaught error and disturbs nobody else. Ends with `close()`.
   *
   * @throws BarkeepError `NOT_OPEN` outside the state `open`.
   */
  subscribe(selector: MarketDataSelector, listener: (event: MarketDataEvent) => void): Unsubscribe;

  stats(options?: CallOptions): Promise<MarketDataStatistics>;

  /**
   * Whether everything works, for probes: a cheap read of each part, the router's connection, the
   * coordinator's breaker, errors of recording, and alerts that stand. It never rejects, whatever the state,
   * and takes no longer than `timeoutMs`: a part that hangs has failed.
   */
  health(options?: HealthOptions): Promise<HealthReport>;

  /**
   * Gives up fetches under way (reads that wait for them answer with what there is), lets other calls
   * end, and closes the adapters that this service opened.
   */
  close(): Promise<void>;
}
