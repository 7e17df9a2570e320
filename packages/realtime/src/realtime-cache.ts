import type {
  CallOptions,
  EpochMs,
  HandleState,
  OperationSummary,
  OrderBook,
  Ticker,
  Trade,
  TradeInput,
  Unsubscribe,
} from '@barkeep/core';
import type { RealtimeCapabilities } from './realtime-capabilities.ts';
import type { RealtimeExpiry } from './realtime-expiry.ts';

/** `stale`: the stored value is newer, and nothing was changed. */
export type RealtimeWriteResult = 'stored' | 'stale';

/** The latest ticker of each symbol. If timestamps are equal, the later write wins. */
export interface ITickerRepository {
  /** Stores a ticker, unless the stored one is newer. */
  set(ticker: Ticker, options?: CallOptions): Promise<RealtimeWriteResult>;
  /** Returns the ticker, or `undefined` if there is none or it has expired. */
  get(symbol: string, options?: CallOptions): Promise<Ticker | undefined>;
  /** Returns tickers in the order of the symbols. */
  getMany(symbols: readonly string[], options?: CallOptions): Promise<(Ticker | undefined)[]>;
  /** Removes the ticker. Returns whether there was one that had not expired. */
  delete(symbol: string, options?: CallOptions): Promise<boolean>;
}

export interface OrderBookReadOptions extends CallOptions {
  /** Maximum number of levels per side, best first. Default: all. */
  readonly depth?: number | undefined;
}

/**
 * The latest order book of each symbol. If timestamps are equal, the later write wins. Returned
 * books may be frozen and shared between readers.
 */
export interface IOrderBookRepository {
  /** Stores an order book, unless the stored one is newer. */
  set(book: OrderBook, options?: CallOptions): Promise<RealtimeWriteResult>;
  /** Returns the order book, or `undefined` if there is none or it has expired. */
  get(symbol: string, options?: OrderBookReadOptions): Promise<OrderBook | undefined>;
  /** Returns order books in the order of the symbols. */
  getMany(
    symbols: readonly string[],
    options?: OrderBookReadOptions,
  ): Promise<(OrderBook | undefined)[]>;
  /** Removes the order book. Returns whether there was one that had not expired. */
  delete(symbol: string, options?: CallOptions): Promise<boolean>;
}

export interface TradeAppendResult {
  /**
   * Number of trades stored and published, including those that later trades of the same call
   * evicted.
   */
  readonly added: number;
  /**
   * Number of trades that changed nothing: id already stored, repeated in this call, or older than
   * all trades of a full symbol. `added + duplicates` is the number of trades passed in.
   */
  readonly duplicates: number;
}

export interface TradeReadOptions extends CallOptions {
  /** Maximum number of trades, the latest ones; 0 returns none. Default: all. */
  readonly limit?: number | undefined;
  /** Only trades at or after this instant. Default: all. */
  readonly since?: EpochMs | undefined;
}

export interface TradeReplayOptions extends CallOptions {
  /** The `cursor` of an earlier replay. Default: start with the oldest trade kept. */
  readonly after?: string | undefined;
}

/** The result of `replay`. */
export interface TradeReplay {
  /** In order of arrival. */
  readonly trades: readonly Trade[];
  /** Where the next replay continues. Opaque, and valid for this symbol only. */
  readonly cursor: string;
  /**
   * Whether trades after the given cursor may have been missed (evicted, expired, deleted, or lost
   * in a restart). Never false if there is a gap. Always false without a cursor.
   */
  readonly gap: boolean;
}

/** Recent trades of each symbol, deduplicated by id. Bounded: the newest by timestamp are kept. */
export interface ITradeRepository {
  /** Adds the trades of one delivery. Those without an id get one from `identifyTrades`. */
  append(
    symbol: string,
    trades: readonly TradeInput[],
    options?: CallOptions,
  ): Promise<TradeAppendResult>;
  /** Returns trades in ascending order; equal timestamps in order of arrival. */
  recent(symbol: string, options?: TradeReadOptions): Promise<Trade[]>;
  /**
   * Returns the trades that arrived after a cursor, for consumers that resume after a break.
   *
   * @example
   * const { trades, cursor, gap } = await realtime.trades.replay('KRW-BTC', { after: lastCursor });
   * if (gap) console.warn('some trades were missed');
   */
  replay(symbol: string, options?: TradeReplayOptions): Promise<TradeReplay>;
  /** Removes the trades. Returns whether there were any that had not expired. */
  delete(symbol: string, options?: CallOptions): Promise<boolean>;
}

/** An event for subscribers. */
export type RealtimeEvent =
  | { readonly type: 'ticker'; readonly ticker: Ticker }
  | { readonly type: 'orderBook'; readonly book: OrderBook }
  /** Only trades that were new. */
  | { readonly type: 'trades'; readonly symbol: string; readonly trades: readonly Trade[] }
  /** Events were lost. Read the values you need again. */
  | { readonly type: 'lagged' };

/** Which events to receive: those that match every given field. `lagged` is always received. */
export interface RealtimeSelector {
  /** Default: all types. */
  readonly types?: readonly ('ticker' | 'orderBook' | 'trades')[] | undefined;
  /** Default: all symbols. */
  readonly symbols?: readonly string[] | undefined;
}

/**
 * What is stored, including values that expired since the last sweep. Adapters that store on a
 * server may estimate it.
 */
export interface RealtimeUsage {
  readonly tickers: number;
  readonly orderBooks: number;
  readonly trades: number;
  /** Total size in bytes, as estimated by the adapter or reported by its server. */
  readonly bytes: number;
}

export interface RealtimeStatistics extends RealtimeUsage {
  /**
   * Calls, failures and latencies by operation, such as `tickers.set`. Tickers and order books
   * served directly from memory are only counted as hits: timing them would take as long as the
   * read.
   */
  readonly operations: Readonly<Record<string, OperationSummary>>;
  /** Reads of tickers and order books that found a value. */
  readonly hits: number;
  readonly misses: number;
  /** Tickers, order books and trades stored. */
  readonly stored: number;
  /** Tickers and order books rejected because the stored one was newer. */
  readonly stale: number;
  /** Trades not added: duplicates, or older than all of a full symbol. */
  readonly duplicates: number;
  /** Values removed because they expired. */
  readonly expirations: number;
  /** Values evicted to stay within a bound. */
  readonly evictions: number;
  /**
   * Values that could not be decoded (foreign, corrupted, of another version). Reads treat them as
   * absent, and the next write replaces them.
   */
  readonly unreadable: number;
}

/**
 * Tickers, order books and trades, with a TTL and pub/sub. Never written to the candle database.
 * Open it before use and close it afterwards.
 *
 * @example
 * const realtime: IRealtimeCache = new MemoryRealtime();
 * await realtime.open();
 * realtime.subscribe({ types: ['ticker'], symbols: ['KRW-BTC'] }, (event) => console.log(event));
 * await realtime.tickers.set({ symbol: 'KRW-BTC', timestamp: Date.now(), price: 100 });
 * const ticker = await realtime.tickers.get('KRW-BTC');
 * await realtime.close();
 */
export interface IRealtimeCache extends AsyncDisposable {
  readonly name: string;
  readonly capabilities: RealtimeCapabilities;
  /** TTL of each kind of value, in milliseconds. */
  readonly expiry: RealtimeExpiry;
  readonly state: HandleState;
  readonly tickers: ITickerRepository;
  readonly orderBooks: IOrderBookRepository;
  readonly trades: ITradeRepository;

  open(options?: CallOptions): Promise<void>;
  close(): Promise<void>;

  /**
   * Calls the listener for each stored value that the selector matches.
   * @throws BarkeepError `NOT_OPEN` unless the cache is open.
   */
  subscribe(selector: RealtimeSelector, listener: (event: RealtimeEvent) => void): Unsubscribe;

  /** Removes expired values now and returns how many. Also runs periodically. */
  sweep(options?: CallOptions): Promise<number>;

  /** Removes everything from this cache. */
  clear(options?: CallOptions): Promise<void>;

  /** Returns statistics. */
  stats(options?: CallOptions): Promise<RealtimeStatistics>;
}
