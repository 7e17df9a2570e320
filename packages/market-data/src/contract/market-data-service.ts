import type {
  CallOptions,
  CandleInput,
  CandleSeries,
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
  IRealtimeCache,
  OrderBookReadOptions,
  RealtimeWriteResult,
  TradeAppendResult,
  TradeReadOptions,
} from '@barkeep/realtime';
import type {
  CandleQuery,
  CandleScan,
  IMarketDataStorage,
  SeriesFilter,
  SeriesInfo,
  WriteResult,
} from '@barkeep/storage';
import type { CandleAnswer } from './candle-answer.ts';
import type { HealthOptions, HealthReport } from './health-report.ts';
import type { IServiceMaintenance } from './maintenance.ts';
import type { MarketDataEvent, MarketDataSelector } from './market-data-event.ts';
import type { MarketDataStatistics } from './market-data-statistics.ts';
import type { RetentionOptions, RetentionReport, RetentionStep } from './retention.ts';
import type { SeriesReport } from './series-report.ts';

export interface SaveCandlesOptions extends CallOptions {
  /**
   * Where the candles came from, such as `upbit-websocket`. Stored with the coverage. Default:
   * `unknown`.
   */
  readonly source?: string | undefined;
  /**
   * The ranges for which these candles are complete: a period in them without a candle had no
   * trades and is not requested from the coordinator again. Periods that have not closed by the
   * service's clock are excluded. Default: none, so the coordinator is still asked for these
   * periods.
   */
  readonly covers?: Interval | readonly Interval[] | undefined;
}

/** Candles of one series for `saveCandlesBatch`. */
export interface CandlesToSave extends Omit<SaveCandlesOptions, 'signal'> {
  readonly key: SeriesKey;
  readonly candles: CandleInput;
}

export interface GetCandlesOptions extends CallOptions {
  /** Whether to fetch missing candles from the coordinator. Default: true if there is one. */
  readonly fetchMissing?: boolean | undefined;
  /**
   * `report`: report gaps in `missing` and `failures`. `throw`: reject with `SOURCE_FAILED` if
   * there are gaps, with both in `details`; candles fetched by then are stored all the same.
   * Default: `report`.
   */
  readonly onMissing?: 'report' | 'throw' | undefined;
}

/** Selects cached candles: those that match every given field. Without any field: all. */
export interface InvalidationSelector {
  readonly symbol?: string | undefined;
  /** A prefix of the symbol, taken literally. */
  readonly symbolPrefix?: string | undefined;
  readonly timeframe?: Timeframe | undefined;
  /** At least one of these must be among the series' tags (`seriesTags` in the configuration). */
  readonly tags?: readonly string[] | undefined;
  /** Default: all time. */
  readonly range?: Interval | undefined;
}

/** The result of `preload`. */
export interface PreloadResult {
  /** Number of candles selected by the queries. */
  readonly candles: number;
  /** Number of queries whose answers have gaps. */
  readonly incomplete: number;
}

/**
 * Market data for applications: candles, tickers, order books and trades, read and written in one
 * place, whatever storage and caches are configured.
 *
 * Only candles are persistent. Tickers, order books and trades live in the realtime cache with a
 * TTL and are never written to the storage.
 *
 * After `close()`, methods reject with `NOT_OPEN` (`subscribe` throws it), except `health()`, which
 * never rejects. They reject with `ABORTED` when their signal is aborted, and with `INVALID_INPUT`
 * if an argument is invalid.
 *
 * @example
 * const market = await createMarketData({ storage: 'sqlite:./market.db', coordinator });
 * const query = { symbol: 'KRW-BTC', timeframe: '1m', limit: 200 } as const;
 * const { series, missing } = await market.getCandles(query);
 * await market.close();
 */
export interface IMarketDataService extends AsyncDisposable {
  readonly state: HandleState;

  /** The candle storage. Changes made to it directly reach this service through its change feed. */
  readonly storage: IMarketDataStorage;

  /** The cache of tickers, order books and trades. */
  readonly realtime: IRealtimeCache;

  /** `undefined` if the storage does not support maintenance. */
  readonly maintenance: IServiceMaintenance | undefined;

  /**
   * Upserts candles, atomically. The last write wins on a timestamp; identical candles cost no
   * write.
   */
  saveCandles(
    key: SeriesKey,
    candles: CandleInput,
    options?: SaveCandlesOptions,
  ): Promise<WriteResult>;

  /**
   * Upserts candles of several series, atomically across all of them. The result is the total.
   *
   * @example
   * await market.saveCandlesBatch([
   *   { key: { symbol: 'KRW-BTC', timeframe: '1m' }, candles: bitcoin },
   *   { key: { symbol: 'KRW-ETH', timeframe: '1m' }, candles: ether },
   * ]);
   *
   * @throws BarkeepError `INVALID_INPUT` with the index of the invalid batch in `batch`.
   */
  saveCandlesBatch(batches: readonly CandlesToSave[], options?: CallOptions): Promise<WriteResult>;

  /**
   * Returns the candles of one series in `[from, to)`, in ascending order: from the cache,
   * otherwise from the storage. Exactly the missing ranges are fetched from the coordinator.
   *
   * `{ symbol, timeframe, limit: 200 }` returns the latest 200 candles, including the one in
   * progress. If some periods had no trades, the coordinator is asked further back, up to
   * `fetching.maxSearchRounds` times and not beyond the start of history. With `from`, the search
   * for `limit` candles goes forward in the same way.
   *
   * Without `from` and `limit`, it returns everything known and fetches only what is missing since
   * the first candle or covered period.
   *
   * A failing coordinator does not make the call fail: the answer reports what is missing and why.
   *
   * @example
   * const { series, missing, failures } = await market.getCandles({
   *   symbol: 'KRW-BTC',
   *   timeframe: '1m',
   *   limit: 200,
   * });
   * if (missing.length > 0) console.warn('gaps', missing, failures);
   */
  getCandles(query: CandleQuery, options?: GetCandlesOptions): Promise<CandleAnswer>;

  /**
   * Runs several queries, such as one per symbol, and returns answers in the same order. Whatever
   * is not cached is read from the storage in one call.
   */
  getCandlesBatch(
    queries: readonly CandleQuery[],
    options?: GetCandlesOptions,
  ): Promise<CandleAnswer[]>;

  /**
   * Iterates over the stored candles of one series in chunks, in ascending order and bounded
   * memory: for exports and for backtests over more than fits into memory. Fetches nothing. Nothing
   * is locked between chunks.
   *
   * @example
   * for await (const chunk of market.scanCandles({ symbol: 'KRW-BTC', timeframe: '1m' })) {
   *   backtest.run(chunk);
   * }
   */
  scanCandles(query: CandleScan, options?: CallOptions): AsyncIterable<CandleSeries>;

  /**
   * Lists the stored series that match, with count, first and last candle, sorted by symbol and
   * timeframe.
   */
  listSeries(filter?: SeriesFilter, options?: CallOptions): Promise<SeriesInfo[]>;

  /**
   * Removes the candles of a series, or of a range, with their coverage, so the next read fetches
   * them again. Returns the number of candles removed.
   */
  removeCandles(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<number>;

  /**
   * Warms the cache: afterwards, these queries are answered from the cache, as far as it has room.
   */
  preload(queries: readonly CandleQuery[], options?: GetCandlesOptions): Promise<PreloadResult>;

  /**
   * Drops cached candles in all tiers and cached metadata of their series: in this process and,
   * through the storage's change feed, in every process that receives it. Only needed if the
   * storage was changed without the feed noticing.
   */
  invalidate(selector?: InvalidationSelector, options?: CallOptions): Promise<void>;

  /** Reports how complete and how fresh a series is, and the latest errors. */
  describeSeries(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<SeriesReport>;

  /**
   * Removes candles that the `retention` rules no longer keep, in many short writes, so that other
   * calls can run in between. Removed candles are not fetched again and do not count as missing;
   * see `retainedFrom`. If the rules later keep more, the candles can be fetched again. A series
   * that fails is reported and does not stop the others. After an abort or crash, the next call
   * continues.
   */
  applyRetention(options?: RetentionOptions): Promise<RetentionReport>;

  /**
   * Like `applyRetention`, one step at a time, for callers that want to pause or stop in between.
   * Nothing runs between steps.
   */
  retentionSteps(options?: RetentionOptions): AsyncGenerator<RetentionStep, RetentionReport, void>;

  /** Returns what `applyRetention` would do now, by series. Changes nothing. */
  explainRetention(options?: CallOptions): Promise<RetentionReport>;

  /** Stores a ticker. Returns `stale`, and changes nothing, if the cache has a newer one. */
  updateTicker(ticker: Ticker, options?: CallOptions): Promise<RealtimeWriteResult>;
  /** Returns the ticker, or `undefined` if there is none or it has expired. */
  getTicker(symbol: string, options?: CallOptions): Promise<Ticker | undefined>;
  /** Returns tickers in the order of the symbols. */
  getTickers(symbols: readonly string[], options?: CallOptions): Promise<(Ticker | undefined)[]>;

  /** Stores an order book. Returns `stale`, and changes nothing, if the cache has a newer one. */
  updateOrderBook(book: OrderBook, options?: CallOptions): Promise<RealtimeWriteResult>;
  /** Returns the order book, or `undefined` if there is none or it has expired. */
  getOrderBook(symbol: string, options?: OrderBookReadOptions): Promise<OrderBook | undefined>;

  /** Adds trades. Duplicates (by id) are counted and skipped. */
  appendTrades(
    symbol: string,
    trades: readonly TradeInput[],
    options?: CallOptions,
  ): Promise<TradeAppendResult>;
  /** Returns recent trades in ascending order. */
  getTrades(symbol: string, options?: TradeReadOptions): Promise<Trade[]>;

  /**
   * Calls the listener for everything the selector matches (`{}`: everything): realtime values as
   * they are stored, and ranges in which candles or coverage changed. An error thrown by the
   * listener surfaces as an uncaught error and affects no other listener. Ends with `close()`.
   *
   * @example
   * const unsubscribe = market.subscribe({ symbols: ['KRW-BTC'] }, (event) => {
   *   if (event.type === 'ticker') console.log(event.ticker.price);
   *   if (event.type === 'candles') redraw(event.key, event.interval);
   * });
   *
   * @throws BarkeepError `NOT_OPEN` unless the service is open.
   */
  subscribe(selector: MarketDataSelector, listener: (event: MarketDataEvent) => void): Unsubscribe;

  /** Returns statistics since the service was opened. */
  stats(options?: CallOptions): Promise<MarketDataStatistics>;

  /**
   * Checks every part, for liveness and readiness probes: a cheap read of each adapter, the
   * router's connection, the coordinator's breaker, recording errors, and active alerts. Never
   * rejects, whatever the state, and takes at most `timeoutMs`: a part that hangs counts as failed.
   */
  health(options?: HealthOptions): Promise<HealthReport>;

  /**
   * Cancels running fetches (reads waiting for them return what has arrived), waits for other calls
   * to finish, and closes the adapters this service opened.
   */
  close(): Promise<void>;
}
