import { invalidInput, type OrderBook, type Ticker, type Trade } from '@barkeep/core';
import type { RealtimeAdapter } from '@barkeep/realtime';
import {
  AbstractRealtimeCache,
  type AbstractRealtimeOptions,
  type CheckedTradeRead,
  type RealtimeUsage,
  type RealtimeWriteResult,
  type TradeReplay,
} from '@barkeep/realtime';
import { RecentTrades } from './recent-trades.ts';
import { formatCursor, parseCursor } from './replay-cursor.ts';
import { StoredOrderBook } from './stored-order-book.ts';
import { SymbolRegister } from './symbol-register.ts';
import type { SymbolValues } from './symbol-values.ts';

export interface MemoryRealtimeOptions extends AbstractRealtimeOptions {
  /** The most symbols it keeps; all of the least recently used symbol goes first. Default: 10,000. */
  readonly maxSymbols?: number | undefined;
  /** The most trades it keeps of a symbol: the newest by timestamp. Default: 1,000. */
  readonly maxTradesPerSymbol?: number | undefined;
  /** The most levels it keeps of each side of an order book: the best ones. Default: 1,000. */
  readonly maxBookDepth?: number | undefined;
  /** The most bytes all of it takes, as estimated. Default: 256 MiB. */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_MAX_SYMBOLS = 10_000;
const DEFAULT_MAX_TRADES = 1_000;
const DEFAULT_MAX_DEPTH = 1_000;
const DEFAULT_MAX_BYTES = 256 * 1_024 * 1_024;

/**
 * Realtime data in the memory of this process, kept compactly: order books and trades as numbers in
 * arrays. Trades are deduplicated by id within what is kept of their symbol.
 */
export class MemoryRealtime extends AbstractRealtimeCache {
  readonly #symbols: SymbolRegister;
  readonly #maxTrades: number;
  readonly #maxDepth: number;
  /** Tells the cursors of this instance from those of one before it. */
  readonly #incarnation = crypto.randomUUID();
  /** Numbers all trades of all symbols, from 1, as they arrive. */
  #arrivals = 0;
  /** The highest arrival number among the trades of symbols that are gone. */
  #lostThrough = 0;

  constructor(options: MemoryRealtimeOptions = {}) {
    const {
      maxSymbols = DEFAULT_MAX_SYMBOLS,
      maxTradesPerSymbol = DEFAULT_MAX_TRADES,
      maxBookDepth = DEFAULT_MAX_DEPTH,
      maxBytes = DEFAULT_MAX_BYTES,
    } = options;
    for (const [field, bound] of Object.entries({
      maxSymbols,
      maxTradesPerSymbol,
      maxBookDepth,
      maxBytes,
    })) {
      validateBound(bound, field);
    }
    super(
      'realtime-memory',
      { platforms: ['node', 'browser'], maxSymbols, maxTradesPerSymbol, maxBookDepth },
      options,
    );
    this.#maxTrades = maxTradesPerSymbol;
    this.#maxDepth = maxBookDepth;
    this.#symbols = new SymbolRegister({
      maxSymbols,
      maxBytes,
      onEvict: (values) => {
        this.countEvictions(values.count);
        this.#forget(values.trades);
      },
    });
  }

  protected override _stop(): void {
    this._clear();
  }

  protected _setTicker(ticker: Ticker): RealtimeWriteResult {
    const now = this.time.now();
    const values = this.#symbols.obtain(ticker.symbol);
    const stored = values.liveTicker(now);
    if (stored !== undefined && this.isStale(ticker.timestamp, stored.timestamp)) return 'stale';
    values.setTicker(ticker, now + this.lifeMs('tickerMs'));
    this.#symbols.settle(values);
    return 'stored';
  }

  protected _getTicker(symbol: string): Ticker | undefined {
    return this.#symbols.get(symbol)?.liveTicker(this.time.now());
  }

  protected override _tickerAtHand(symbol: string): Promise<Ticker> | undefined {
    return this.#symbols.get(symbol)?.liveTickerAnswer(this.time.now());
  }

  protected override _getTickers(symbols: readonly string[]): (Ticker | undefined)[] {
    return symbols.map((symbol) => this._getTicker(symbol));
  }

  protected _deleteTicker(symbol: string): boolean {
    const values = this.#symbols.get(symbol);
    if (values === undefined || !values.hasTicker) return false;
    const wasLive = values.liveTicker(this.time.now()) !== undefined;
    values.dropTicker();
    this.#symbols.settle(values);
    return wasLive;
  }

  protected _setOrderBook(book: OrderBook): RealtimeWriteResult {
    const now = this.time.now();
    const values = this.#symbols.obtain(book.symbol);
    const stored = values.liveBook(now);
    if (stored !== undefined && this.isStale(book.timestamp, stored.timestamp)) return 'stale';
    values.book ??= new StoredOrderBook(book.symbol);
    values.book.store(book, now + this.lifeMs('orderBookMs'), this.#maxDepth);
    this.#symbols.settle(values);
    return 'stored';
  }

  protected _getOrderBook(symbol: string, depth: number): OrderBook | undefined {
    return this.#liveBook(symbol)?.read(depth);
  }

  protected override _orderBookAtHand(symbol: string): Promise<OrderBook> | undefined {
    const book = this.#liveBook(symbol);
    if (book === undefined || book.isAnswered) return book?.answer();
    const answer = book.answer();
    this.#symbols.settle(this.#symbols.obtain(symbol));
    return answer;
  }

  protected override _getOrderBooks(
    symbols: readonly string[],
    depth: number,
  ): (OrderBook | undefined)[] {
    return symbols.map((symbol) => this._getOrderBook(symbol, depth));
  }

  protected _deleteOrderBook(symbol: string): boolean {
    const values = this.#symbols.get(symbol);
    if (values?.book === undefined) return false;
    const wasLive = this.#liveBook(symbol) !== undefined;
    values.book = undefined;
    this.#symbols.settle(values);
    return wasLive;
  }

  protected _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
    const now = this.time.now();
    const values = this.#symbols.obtain(symbol);
    values.trades ??= new RecentTrades(this.#maxTrades, this.#lostThrough);
    const kept = values.trades;
    this.countExpirations(kept.expire(now));
    const before = kept.length;
    const expiresAt = now + this.lifeMs('tradesMs');
    const latest = this.clock.now() + this.maxAheadMs;
    const added = trades.filter((trade) => {
      if (kept.has(trade.id)) return false;
      this.#arrivals += 1;
      return kept.add(trade, { expiresAt, arrival: this.#arrivals, latest });
    });
    this.countEvictions(before + added.length - kept.length);
    this.#symbols.settle(values);
    return added;
  }

  protected _recentTrades(symbol: string, { limit, since }: CheckedTradeRead): Trade[] {
    const now = this.time.now();
    return this.#keptTrades(symbol, now)?.recent(limit, since, now) ?? [];
  }

  protected _replayTrades(symbol: string, after: string | undefined): TradeReplay {
    const now = this.time.now();
    const kept = this.#keptTrades(symbol, now);
    const from = after === undefined ? undefined : parseCursor(after);
    const isKnown = from?.incarnation === this.#incarnation && from.arrival <= this.#arrivals;
    const seen = isKnown ? from.arrival : 0;
    const lost = kept?.lostThrough ?? this.#lostThrough;
    return {
      trades: kept?.arrivedAfter(seen, now) ?? [],
      cursor: formatCursor({ incarnation: this.#incarnation, arrival: this.#arrivals }),
      gap: from !== undefined && (!isKnown || lost > seen),
    };
  }

  protected _deleteTrades(symbol: string): boolean {
    const kept = this.#keptTrades(symbol, this.time.now());
    const values = this.#symbols.get(symbol);
    if (kept === undefined || values === undefined) return false;
    const wereLive = kept.length > 0;
    this.#forget(kept);
    values.trades = undefined;
    this.#symbols.settle(values);
    return wereLive;
  }

  protected _clear(): void {
    this.#lostThrough = this.#arrivals;
    this.#symbols.clear();
  }

  protected _sweep(): number {
    const now = this.time.now();
    return this.#symbols
      .all()
      .reduce((removed, values) => removed + this.#sweepSymbol(values, now), 0);
  }

  protected _usage(): RealtimeUsage {
    const usage = { tickers: 0, orderBooks: 0, trades: 0 };
    for (const values of this.#symbols.all()) {
      if (values.hasTicker) usage.tickers += 1;
      if (values.book !== undefined) usage.orderBooks += 1;
      usage.trades += values.trades?.length ?? 0;
    }
    return { ...usage, bytes: this.#symbols.bytes };
  }

  #liveBook(symbol: string): StoredOrderBook | undefined {
    return this.#symbols.get(symbol)?.liveBook(this.time.now());
  }

  #keptTrades(symbol: string, now: number): RecentTrades | undefined {
    const kept = this.#symbols.get(symbol)?.trades;
    if (kept !== undefined) this.countExpirations(kept.expire(now));
    return kept;
  }

  #sweepSymbol(values: SymbolValues, now: number): number {
    const before = values.count;
    if (values.liveTicker(now) === undefined) values.dropTicker();
    if (values.liveBook(now) === undefined) values.book = undefined;
    values.trades?.expire(now);
    values.trades?.trim();
    const after = values.count;
    if (values.trades?.length === 0) {
      this.#forget(values.trades);
      values.trades = undefined;
    }
    this.#symbols.settle(values);
    return before - after;
  }

  /** A replay of a symbol without values can no longer tell what was lost of it, only of all. */
  #forget(trades: RecentTrades | undefined): void {
    if (trades === undefined) return;
    this.#lostThrough = Math.max(this.#lostThrough, trades.lastArrival);
  }
}

function validateBound(value: unknown, field: string): void {
  if (Number.isSafeInteger(value) && Number(value) >= 1) return;
  throw invalidInput({ field, rule: 'must be a whole number of at least 1', value });
}

/** Makes realtime caches from `memory:`. */
export const memoryRealtimeAdapter: RealtimeAdapter = {
  kind: 'realtime',
  schemes: {
    memory: {
      parameters: {
        maxSymbols: 'count',
        maxTradesPerSymbol: 'count',
        maxBookDepth: 'count',
        maxBytes: 'count',
      },
      create: (options: MemoryRealtimeOptions) => new MemoryRealtime(options),
    },
  },
};
