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

/** `stale`: what is stored is newer, and nothing was changed. */
export type RealtimeWriteResult = 'stored' | 'stale';

/** The latest ticker of each symbol. Of equal timestamps the later write counts. */
export interface ITickerRepository {
  set(ticker: Ticker, options?: CallOptions): Promise<RealtimeWriteResult>;
  get(symbol: string, options?: CallOptions): Promise<Ticker | undefined>;
  /** In the order of the symbols. */
  getMany(symbols: readonly string[], options?: CallOptions): Promise<(Ticker | undefined)[]>;
  /** Returns whether a live one was there. */
  delete(symbol: string, options?: CallOptions): Promise<boolean>;
}

export interface OrderBookReadOptions extends CallOptions {
  /** At most this many levels a side. Default: all. */
  readonly depth?: number | undefined;
}

/**
 * The latest order book of each symbol, as `ITickerRepository` has tickers. Of equal timestamps the later write counts. What is read may
 * be frozen, and shared by all who read it.
 */
export interface IOrderBookRepository {
  set(book: OrderBook, options?: CallOptions): Promise<RealtimeWriteResult>;
  get(symbol: string, options?: OrderBookReadOptions): Promise<OrderBook | undefined>;
  /** In the order of the symbols. */
  getMany(
    symbols: readonly string[],
    options?: OrderBookReadOptions,
  ): Promise<(OrderBook | undefined)[]>;
  delete(symbol: string, options?: CallOptions): Promise<boolean>;
}

export interface TradeAppendResult {
  /**
   * The trades that were stored and told of, each in its turn: of a call with more trades than the bound
   * those count too that later ones of the call pushed out.
   */
  readonly added: number;
  /**
   * All others, which changed nothing: already there by id, twice in this call, or older than all trades
   * of a symbol that keeps as many as it may. So `added + duplicates` is how many were given.
   */
  readonly duplicates: number;
}

export interface TradeReadOptions extends CallOptions {
  /** At most this many, the latest; 0 gives none. Default: all that are kept. */
  readonly limit?: number | undefined;
  /** Only trades at or after this instant. Default: all. */
  readonly since?: EpochMs | undefined;
}

export interface TradeReplayOptions extends CallOptions {
  /** The `cursor` of an earlier replay. Default: from the oldest trade kept. */
  readonly after?: string | undefined;
}

export interface TradeReplay {
  /** In the order of arrival. */
  readonly trades: readonly Trade[];
  /** Where the next replay goes on: opaque, and valid for this symbol only. */
  readonly cursor: string;
  /**
   * Trades after the given cursor may have gone unseen (by bound, expiry, `delete` or restart): there
   * may be a hole. Never false when there is one. Always false without a cursor.
   */
  readonly gap: boolean;
}

/** The recent trades of each symbol: deduplicated by id, and bounded to the newest by timestamp. */
export interface ITradeRepository {
  /** The trades of one delivery: those without an id get one by `identifyTrades`. */
  append(
    symbol: string,
    trades: readonly TradeInput[],
    options?: CallOptions,
  ): Promise<TradeAppendResult>;
  /** Ascending by timestamp; equal timestamps in the order of arrival. */
  recent(symbol: string, options?: TradeReadOptions): Promise<Trade[]>;
  /** What arrived after a cursor: for consumers that were away for a while. */
  replay(symbol: string, options?: TradeReplayOptions): Promise<TradeReplay>;
  delete(symbol: string, options?: CallOptions): Promise<boolean>;
}

export type RealtimeEvent =
  | { readonly type: 'ticker'; readonly ticker: Ticker }
  | { readonly type: 'orderBook'; readonly book: OrderBook }
  /** Only the trades that were new. */
  | { readonly type: 'trades'; readonly symbol: string; readonly trades: readonly Trade[] }
  /** Events were lost on the way: read again what matters. */
  | { readonly type: 'lagged' };

/** Which events a subscriber wants: those that match every field given. */
export interface RealtimeSelector {
  readonly types?: readonly ('ticker' | 'orderBook' | 'trades')[] | undefined;
  readonly symbols?: readonly string[] | undefined;
}

/**
 * What is kept, values that expired since the last sweep included. An adapter whose values are on a
 * server may estimate it.
 */
export interface RealtimeUsage {
  readonly tickers: number;
  readonly orderBooks: number;
  readonly trades: number;
  /** Bytes all of it takes, as the adapter estimates or its server reports them. */
  readonly bytes: number;
}

export interface RealtimeStatistics extends RealtimeUsage {
  /**
   * Calls, failures and latencies by operation, such as `tickers.set`. Tickers and order books that memory
   * has at hand are counted as hits only: timing a read would take as long as the read.
   */
  readonly operations: Readonly<Record<string, OperationSummary>>;
  /** Tickers and order books that were asked for and there. */
  readonly hits: number;
  readonly misses: number;
  /** Tickers, order books and trades that were stored. */
  readonly stored: number;
  /** Tickers and order books that were older than what was there. */
  readonly stale: number;
  /** Trades that were not added: already there, or older than all of a full symbol. */
  readonly duplicates: number;
  /** Values that went because their time had come. */
  readonly expirations: number;
  /** Values that went to keep a bound. */
  readonly evictions: number;
  /**
   * Values that were found and could not be read (foreign, damaged, of another version). They are
   * answered as absent, and the next write replaces them.
   */
  readonly unreadable: number;
}

/**
 * Tickers, order books and trades, each with an expiry counted from when it was stored. None of it
 * is ever written to the candle database. Open it before use, close it after.
 */
export interface IRealtimeCache extends AsyncDisposable {
  readonly name: string;
  readonly capabilities: RealtimeCapabilities;
  /** How long each kind of value lives, in milliseconds. */
  readonly expiry: RealtimeExpiry;
  readonly state: HandleState;
  readonly tickers: ITickerRepository;
  readonly orderBooks: IOrderBookRepository;
  readonly trades: ITradeRepository;

  open(options?: CallOptions): Promise<void>;
  close(): Promise<void>;

  /** Calls the listener for each stored value. @throws BarkeepError `NOT_OPEN` outside the state `open`. */
  subscribe(selector: RealtimeSelector, listener: (event: RealtimeEvent) => void): Unsubscribe;

  /** Removes what has expired now; returns how many values. Happens by itself from time to time. */
  sweep(options?: CallOptions): Promise<number>;

  /** Removes everything this cache holds. */
  clear(options?: CallOptions): Promise<void>;

  stats(options?: CallOptions): Promise<RealtimeStatistics>;
}
