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
  /** Who delivered them, such as `upbit-websocket`; kept with the coverage. Default: `unknown`. */
  readonly source?: string | undefined;
  /**
   * The stretches these candles are complete for: a period in here without a candle had no trades,
   * and nobody will be asked for it again. The part that has not ended by the service's clock is left
   * out. Default: none, so a coordinator is still asked for these periods.
   */
  readonly covers?: Interval | readonly Interval[] | undefined;
}

/** Candles of one series for `saveCandlesBatch`. */
export interface CandlesToSave extends Omit<SaveCandlesOptions, 'signal'> {
  readonly key: SeriesKey;
  readonly candles: CandleInput;
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

  /** What keeps the candles. What is changed there by itself, this service hears of by the change feed. */
  readonly storage: IMarketDataStorage;

  /** What keeps tickers, order books and trades. */
  readonly realtime: IRealtimeCache;

  /** `undefined` where the storage cannot be maintained. */
  readonly maintenance: IServiceMaintenance | undefined;

  /** Stores candles: all or none. The last write wins on a timestamp; identical candles cost no write. */
  saveCandles(
    key: SeriesKey,
    candles: CandleInput,
    options?: SaveCandlesOptions,
  ): Promise<WriteResult>;

  /**
   * Stores candles of several series: all of them or none. The result counts them together.
   *
   * @example
   * await market.saveCandlesBatch([
   *   { key: { symbol: 'KRW-BTC', timeframe: '1m' }, candles: bitcoin },
   *   { key: { symbol: 'KRW-ETH', timeframe: '1m' }, candles: ether },
   * ]);
   *
   * @throws BarkeepError `INVALID_INPUT` naming `batch`, the index among them.
   */
  saveCandlesBatch(batches: readonly CandlesToSave[], options?: CallOptions): Promise<WriteResult>;

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

  /**
   * The stored candles of one series in chunks, ascending, in bounded memory: for exports and backtests over
   * more than fits into it. Nothing is fetched. Nothing stays locked between chunks.
   *
   * @example
   * for await (const chunk of market.scanCandles({ symbol: 'KRW-BTC', timeframe: '1m' })) {
   *   backtest.run(chunk);
   * }
   */
  scanCandles(query: CandleScan, options?: CallOptions): AsyncIterable<CandleSeries>;

  /** Every stored series that matches, with count, first and last candle, by symbol and timeframe. */
  listSeries(filter?: SeriesFilter, options?: CallOptions): Promise<SeriesInfo[]>;

  /**
   * Removes the candles of a series, or those of a range, with their coverage: a coordinator is asked for
   * them again when they are read. Returns how many there were.
   */
  removeCandles(key: SeriesKey, range?: Interval, options?: CallOptions): Promise<number>;

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
