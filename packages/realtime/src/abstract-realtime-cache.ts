import {
  type Awaitable,
  type CallOptions,
  type EpochMs,
  identifyTrades,
  invalidInput,
  MIN_EPOCH_MS,
  type OrderBook,
  onlyKnownKeys,
  optionalLimit,
  requiredTimestamp,
  SweptHandle,
  type SweptHandleOptions,
  type Ticker,
  TopicListeners,
  type Trade,
  type TradeInput,
  TradingCalendar,
  type TradingHours,
  type Unsubscribe,
  validateOrderBook,
  validateSymbol,
  validateTicker,
  validateTrades,
} from '@barkeep/core';
import type {
  IOrderBookRepository,
  IRealtimeCache,
  ITickerRepository,
  ITradeRepository,
  OrderBookReadOptions,
  RealtimeEvent,
  RealtimeSelector,
  RealtimeStatistics,
  RealtimeUsage,
  RealtimeWriteResult,
  TradeAppendResult,
  TradeReadOptions,
  TradeReplay,
  TradeReplayOptions,
} from './realtime-cache.ts';
import type { RealtimeCapabilities } from './realtime-capabilities.ts';
import { completeExpiry, type RealtimeExpiry } from './realtime-expiry.ts';
import {
  type EventType,
  selectedTopics,
  symbolList,
  symbolOf,
  topicsOf,
} from './realtime-selector.ts';
import { copyOrderBook, copyTrade, frozenTicker } from './realtime-value-copies.ts';
import { validateCursor } from './trade-cursor.ts';

export interface AbstractRealtimeOptions extends SweptHandleOptions {
  /** TTL per kind of value, counted from when it was stored. Default: `DEFAULT_REALTIME_EXPIRY`. */
  readonly expiry?: Partial<RealtimeExpiry> | undefined;
  /**
   * When the markets trade. TTLs count trading time only, so the last values before the close stay
   * valid until trading resumes. Default: always, as for cryptocurrencies.
   */
  readonly tradingHours?: TradingHours | undefined;
  /**
   * How far ahead of the clock a timestamp may be and still reject older values, in milliseconds.
   * Values further ahead are stored, but replaced by any value that is not. Default: 600,000.
   */
  readonly maxAheadMs?: number | undefined;
}

const LEAST = { sharing: 'process', platforms: ['node'] } as const;
const DEFAULT_MAX_AHEAD_MS = 600_000;

/** The trades an adapter is asked for. */
export interface CheckedTradeRead {
  /** At least 1; `Infinity` for all. */
  readonly limit: number;
  /** `MIN_EPOCH_MS` for all. */
  readonly since: EpochMs;
}

/**
 * Base class of all realtime caches. It validates arguments, guards the lifecycle, handles abort
 * signals, keeps statistics, removes expired values with one timer, and notifies subscribers of the
 * values they selected. Extend it and implement the methods that start with an underscore. They
 * receive valid arguments while the handle is open, and may return a value or a promise. Tickers
 * and trades are copies. An order book belongs to the caller, who may change it: copy what you need
 * before returning.
 *
 * An adapter that shares values between processes must call `publish` for every stored value; for
 * all others the base does it.
 *
 * @example
 * export class AcmeRealtime extends AbstractRealtimeCache {
 *   constructor(options: AbstractRealtimeOptions = {}) {
 *     super('realtime-acme', { maxTradesPerSymbol: 1_000 }, options);
 *   }
 *   protected _getTicker(symbol: string) {
 *     return this.#client.ticker(symbol);
 *   } // and so on: _setTicker, _getOrderBook, _appendTrades, …
 * }
 */
export abstract class AbstractRealtimeCache extends SweptHandle implements IRealtimeCache {
  readonly capabilities: RealtimeCapabilities;
  readonly tickers: ITickerRepository;
  readonly orderBooks: IOrderBookRepository;
  readonly trades: ITradeRepository;
  readonly expiry: RealtimeExpiry;
  protected readonly maxAheadMs: number;
  readonly #calendar: TradingCalendar | undefined;
  readonly #listeners = new TopicListeners<RealtimeEvent>();
  readonly #counts = {
    hits: 0,
    misses: 0,
    stored: 0,
    stale: 0,
    duplicates: 0,
    evictions: 0,
    unreadable: 0,
  };

  protected constructor(
    name: string,
    capabilities: Partial<RealtimeCapabilities> & Pick<RealtimeCapabilities, 'maxTradesPerSymbol'>,
    options: AbstractRealtimeOptions = {},
  ) {
    super(name, options);
    this.capabilities = Object.freeze({ ...LEAST, ...capabilities });
    this.expiry = completeExpiry(options.expiry);
    this.maxAheadMs = checkedMaxAhead(options.maxAheadMs);
    this.#calendar =
      options.tradingHours === undefined ? undefined : new TradingCalendar(options.tradingHours);
    this.tickers = Object.freeze({
      set: (ticker: Ticker, call?: CallOptions) => this.#setTicker(ticker, call),
      get: (symbol: string, call?: CallOptions) => this.#getTicker(symbol, call),
      getMany: (symbols: readonly string[], call?: CallOptions) => this.#getTickers(symbols, call),
      delete: (symbol: string, call?: CallOptions) =>
        this.#delete('tickers', symbol, call, () => this._deleteTicker(symbol)),
    });
    this.orderBooks = Object.freeze({
      set: (book: OrderBook, call?: CallOptions) => this.#setOrderBook(book, call),
      get: (symbol: string, call?: OrderBookReadOptions) => this.#getOrderBook(symbol, call),
      getMany: (symbols: readonly string[], call?: OrderBookReadOptions) =>
        this.#getOrderBooks(symbols, call),
      delete: (symbol: string, call?: CallOptions) =>
        this.#delete('orderBooks', symbol, call, () => this._deleteOrderBook(symbol)),
    });
    this.trades = Object.freeze({
      append: (symbol: string, trades: readonly TradeInput[], call?: CallOptions) =>
        this.#appendTrades(symbol, trades, call),
      recent: (symbol: string, call?: TradeReadOptions) => this.#recentTrades(symbol, call),
      replay: (symbol: string, call?: TradeReplayOptions) => this.#replayTrades(symbol, call),
      delete: (symbol: string, call?: CallOptions) =>
        this.#delete('trades', symbol, call, () => this._deleteTrades(symbol)),
    });
  }

  subscribe(selector: RealtimeSelector, listener: (event: RealtimeEvent) => void): Unsubscribe {
    this.assertOpen();
    if (typeof listener !== 'function') throw new TypeError('a listener must be a function');
    return this.#listeners.add(selectedTopics(selector), listener);
  }

  async clear(options?: CallOptions): Promise<void> {
    this.begin(options);
    await this.run('clear', options, () => this._clear());
  }

  async stats(options?: CallOptions): Promise<RealtimeStatistics> {
    this.begin(options);
    const usage = await this.run('stats', options, () => this._usage());
    const { expirations, operations } = this;
    return { ...usage, ...this.#counts, expirations, operations };
  }

  /**
   * Stores a ticker unless it is stale. The ticker is a frozen copy; the adapter may keep and
   * return it.
   */
  protected abstract _setTicker(ticker: Ticker): Awaitable<RealtimeWriteResult>;

  /** Returns the ticker unless it has expired. The returned object must not change afterwards. */
  protected abstract _getTicker(symbol: string): Awaitable<Ticker | undefined>;

  /**
   * Returns the ticker as a resolved promise if it is available without asynchronous work. Override
   * it in adapters that keep tickers in memory. The symbol is not validated: return `undefined` for
   * anything unknown, whatever its type.
   */
  protected _tickerAtHand(_symbol: string): Promise<Ticker> | undefined {
    return undefined;
  }

  /** Returns whether a ticker that had not expired was removed. */
  protected abstract _deleteTicker(symbol: string): Awaitable<boolean>;

  /**
   * Stores an order book unless it is stale. Copy it before returning; the caller may change it.
   */
  protected abstract _setOrderBook(book: OrderBook): Awaitable<RealtimeWriteResult>;

  /**
   * Returns the order book unless it has expired, in new objects, with at most `depth` levels per
   * side. `depth` may be `Infinity`.
   */
  protected abstract _getOrderBook(symbol: string, depth: number): Awaitable<OrderBook | undefined>;

  /** Like `_tickerAtHand`, for the full order book. It must not change afterwards. */
  protected _orderBookAtHand(_symbol: string): Promise<OrderBook> | undefined {
    return undefined;
  }

  /** Returns whether an order book that had not expired was removed. */
  protected abstract _deleteOrderBook(symbol: string): Awaitable<boolean>;

  /**
   * Adds trades in order and returns those added. Skips trades with a known id, and trades older
   * than all of a full symbol. Otherwise drops the oldest by timestamp to stay within the bound.
   * Every trade has an id, and no id occurs twice.
   */
  protected abstract _appendTrades(
    symbol: string,
    trades: readonly Trade[],
  ): Awaitable<readonly Trade[]>;

  /**
   * Returns trades that have not expired, in new objects, in ascending order, then in order of
   * arrival.
   */
  protected abstract _recentTrades(symbol: string, read: CheckedTradeRead): Awaitable<Trade[]>;

  /**
   * Returns the trades that arrived after a cursor.
   * @throws BarkeepError `INVALID_INPUT` if `after` is not one of this adapter's cursors.
   */
  protected abstract _replayTrades(
    symbol: string,
    after: string | undefined,
  ): Awaitable<TradeReplay>;

  /** Returns whether a trade that had not expired was removed. */
  protected abstract _deleteTrades(symbol: string): Awaitable<boolean>;

  protected abstract _clear(): Awaitable<void>;

  protected abstract _usage(): Awaitable<RealtimeUsage>;

  /** Reads several tickers. Override it if one round trip can serve all symbols. */
  protected _getTickers(symbols: readonly string[]): Awaitable<readonly (Ticker | undefined)[]> {
    return Promise.all(symbols.map((symbol) => this._getTicker(symbol)));
  }

  /** Reads several order books. Override it if one round trip can serve all symbols. */
  protected _getOrderBooks(
    symbols: readonly string[],
    depth: number,
  ): Awaitable<readonly (OrderBook | undefined)[]> {
    return Promise.all(symbols.map((symbol) => this._getOrderBook(symbol, depth)));
  }

  /**
   * The TTL of a value stored now, in milliseconds of `this.time`. Trading hours are evaluated
   * once, by the wall clock; setting it later changes nothing.
   */
  protected lifeMs(kind: keyof RealtimeExpiry): number {
    const durationMs = this.expiry[kind];
    if (this.#calendar === undefined) return durationMs;
    const now = this.clock.now();
    return this.#calendar.afterTrading(now, durationMs) - now;
  }

  /**
   * Whether a value is stale: older than the stored one, which has not expired. A stored timestamp
   * more than `maxAheadMs` ahead of the clock only rejects values that are also that far ahead, so
   * a wrong timestamp or a corrected clock does not block a symbol.
   */
  protected isStale(given: EpochMs, stored: EpochMs): boolean {
    if (stored <= given) return false;
    const latest = this.clock.now() + this.maxAheadMs;
    return stored <= latest || given > latest;
  }

  /** Notifies the subscribers that selected this event; `lagged` goes to all. */
  protected publish(event: RealtimeEvent): void {
    if (event.type === 'lagged') this.#listeners.emitToAll(event);
    else this.#listeners.emit(topicsOf(event.type, symbolOf(event)), event);
  }

  /** Whether any subscriber selected events of this type and symbol. */
  protected isHeard(type: EventType, symbol: string): boolean {
    return this.#listeners.size > 0 && this.#listeners.hasAny(topicsOf(type, symbol));
  }

  /** Counts values that could not be decoded: foreign, corrupted or of another version. */
  protected countUnreadable(values: number): void {
    this.#counts.unreadable += values;
  }

  /** Counts values evicted to stay within a bound. */
  protected countEvictions(values: number): void {
    this.#counts.evictions += values;
  }

  protected override async _close(): Promise<void> {
    this.#listeners.clear();
    await super._close();
  }

  async #setTicker(ticker: Ticker, call?: CallOptions): Promise<RealtimeWriteResult> {
    this.begin(call);
    validateTicker(ticker);
    const copy = frozenTicker(ticker);
    const result = await this.run('tickers.set', call, () => this._setTicker(copy));
    if (this.#countWrite(result) && this.#publishes('ticker', copy.symbol)) {
      this.publish({ type: 'ticker', ticker: copy });
    }
    return result;
  }

  /** Reading tickers is the hottest path: a ticker at hand skips all checks. */
  #getTicker(symbol: string, call?: CallOptions): Promise<Ticker | undefined> {
    if (call === undefined && this.state === 'open') {
      const atHand = this._tickerAtHand(symbol);
      if (atHand !== undefined) {
        this.#counts.hits += 1;
        return atHand;
      }
    }
    return this.#askForTicker(symbol, call);
  }

  async #askForTicker(symbol: string, call?: CallOptions): Promise<Ticker | undefined> {
    this.begin(call);
    validateSymbol(symbol);
    const found = await this.run('tickers.get', call, () => this._getTicker(symbol));
    this.#countRead(found);
    return found;
  }

  async #getTickers(
    symbols: readonly string[],
    call?: CallOptions,
  ): Promise<(Ticker | undefined)[]> {
    this.begin(call);
    const list = symbolList(symbols);
    if (list.length === 0) return [];
    const found = await this.run('tickers.getMany', call, () => this._getTickers(list));
    for (const one of found) this.#countRead(one);
    return [...found];
  }

  async #setOrderBook(book: OrderBook, call?: CallOptions): Promise<RealtimeWriteResult> {
    this.begin(call);
    validateOrderBook(book);
    const publishes = this.#publishes('orderBook', book.symbol);
    const copy = publishes ? copyOrderBook(book) : book;
    const result = await this.run('orderBooks.set', call, () => this._setOrderBook(book));
    if (this.#countWrite(result) && publishes) this.publish({ type: 'orderBook', book: copy });
    return result;
  }

  /** A full book at hand skips all checks, too. */
  #getOrderBook(symbol: string, call?: OrderBookReadOptions): Promise<OrderBook | undefined> {
    if (call === undefined && this.state === 'open') {
      const atHand = this._orderBookAtHand(symbol);
      if (atHand !== undefined) {
        this.#counts.hits += 1;
        return atHand;
      }
    }
    return this.#askForOrderBook(symbol, call);
  }

  async #askForOrderBook(
    symbol: string,
    call?: OrderBookReadOptions,
  ): Promise<OrderBook | undefined> {
    this.begin(call);
    validateSymbol(symbol);
    const depth = checkedDepth(call);
    const found = await this.run('orderBooks.get', call, () => this._getOrderBook(symbol, depth));
    this.#countRead(found);
    return found;
  }

  async #getOrderBooks(
    symbols: readonly string[],
    call?: OrderBookReadOptions,
  ): Promise<(OrderBook | undefined)[]> {
    this.begin(call);
    const list = symbolList(symbols);
    const depth = checkedDepth(call);
    if (list.length === 0) return [];
    const found = await this.run('orderBooks.getMany', call, () =>
      this._getOrderBooks(list, depth),
    );
    for (const one of found) this.#countRead(one);
    return [...found];
  }

  async #appendTrades(
    symbol: string,
    trades: readonly TradeInput[],
    call?: CallOptions,
  ): Promise<TradeAppendResult> {
    this.begin(call);
    validateSymbol(symbol);
    validateTrades(trades);
    const unique = firstOfEachId(identifyTrades(trades));
    const total = trades.length;
    if (total === 0) return { added: 0, duplicates: 0 };
    const added = await this.run('trades.append', call, () => this._appendTrades(symbol, unique));
    this.#counts.stored += added.length;
    this.#counts.duplicates += total - added.length;
    if (added.length > 0 && this.#publishes('trades', symbol)) {
      this.publish({ type: 'trades', symbol, trades: added });
    }
    return { added: added.length, duplicates: total - added.length };
  }

  async #recentTrades(symbol: string, call: TradeReadOptions = {}): Promise<Trade[]> {
    this.begin(call);
    validateSymbol(symbol);
    onlyKnownKeys(call, ['limit', 'since', 'signal'], 'options');
    optionalLimit(call.limit);
    const { limit = Number.POSITIVE_INFINITY, since = MIN_EPOCH_MS } = call;
    requiredTimestamp(since, 'since');
    if (limit === 0) return [];
    return this.run('trades.recent', call, () => this._recentTrades(symbol, { limit, since }));
  }

  async #replayTrades(symbol: string, call: TradeReplayOptions = {}): Promise<TradeReplay> {
    this.begin(call);
    validateSymbol(symbol);
    onlyKnownKeys(call, ['after', 'signal'], 'options');
    if (call.after !== undefined) validateCursor(call.after);
    return this.run('trades.replay', call, () => this._replayTrades(symbol, call.after));
  }

  async #delete(
    kind: 'tickers' | 'orderBooks' | 'trades',
    symbol: string,
    call: CallOptions | undefined,
    work: () => Awaitable<boolean>,
  ): Promise<boolean> {
    this.begin(call);
    validateSymbol(symbol);
    return this.run(`${kind}.delete`, call, work);
  }

  #publishes(type: EventType, symbol: string): boolean {
    return this.capabilities.sharing === 'process' && this.isHeard(type, symbol);
  }

  #countRead(found: unknown): void {
    if (found === undefined) this.#counts.misses += 1;
    else this.#counts.hits += 1;
  }

  /** Returns whether the value was stored. */
  #countWrite(result: RealtimeWriteResult): boolean {
    this.#counts[result] += 1;
    return result === 'stored';
  }
}

function checkedMaxAhead(value: number = DEFAULT_MAX_AHEAD_MS): number {
  if (typeof value === 'number' && value >= 0) return value;
  const rule = 'must be a number of milliseconds from 0';
  throw invalidInput({ field: 'maxAheadMs', rule, value });
}

function checkedDepth(call: OrderBookReadOptions = {}): number {
  onlyKnownKeys(call, ['depth', 'signal'], 'options');
  optionalLimit(call.depth, 'depth');
  return call.depth ?? Number.POSITIVE_INFINITY;
}

/** Copies, so that neither adapters nor subscribers see the caller's objects. */
function firstOfEachId(trades: readonly Trade[]): Trade[] {
  const seen = new Set<string>();
  const unique: Trade[] = [];
  for (const trade of trades) {
    if (seen.has(trade.id)) continue;
    seen.add(trade.id);
    unique.push(copyTrade(trade));
  }
  return unique;
}
