import { type EpochMs, invalidInput, type OrderBook, type Ticker, type Trade } from '@barkeep/core';
import {
  AbstractRealtimeCache,
  type AbstractRealtimeOptions,
  type CheckedTradeRead,
  type RealtimeUsage,
  type RealtimeWriteResult,
  type TradeReplay,
} from '@barkeep/realtime';
import { DeskRegister } from './desk-register.ts';
import { formatCursor, parseCursor } from './replay-cursor.ts';
import { StoredOrderBook } from './stored-order-book.ts';
import type { SymbolDesk } from './symbol-desk.ts';
import { TradeRing } from './trade-ring.ts';

export interface MemoryRealtimeOptions extends AbstractRealtimeOptions {
  /** The most symbols it keeps; all of the least recently used symbol goes first. Default: 10,000. */
  readonly maxSymbols?: number | undefined;
  /** The most trades it keeps of a symbol; the first to arrive goes first. Default: 1,000. */
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
  readonly #desks: DeskRegister;
  readonly #maxTrades: number;
  readonly #maxDepth: number;
  /** Tells the cursors of this instance from those of one before it. */
  readonly #incarnation = crypto.randomUUID();
  /** Numbers all trades of all symbols, from 1, as they arrive. */
  #arrivals = 0;
  /** The highest arrival number among the trades of desks that are gone. */
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
      {
        sharing: 'process',
        platforms: ['node', 'browser'],
        maxSymbols,
        maxTradesPerSymbol,
        maxBookDepth,
      },
      options,
    );
    this.#maxTrades = maxTradesPerSymbol;
    this.#maxDepth = maxBookDepth;
    this.#desks = new DeskRegister({
      maxSymbols,
      maxBytes,
      onEvict: (desk) => {
        this.countEvictions(desk.values);
        this.#forget(desk.trades);
      },
    });
  }

  protected override _stop(): void {
    this._clear();
  }

  protected _setTicker(ticker: Ticker): RealtimeWriteResult {
    const now = this.clock.now();
    const desk = this.#desks.obtain(ticker.symbol);
    const stored = desk.liveTicker(now);
    if (stored !== undefined && stored.timestamp > ticker.timestamp) return 'stale';
    desk.setTicker(ticker, this.expiresAt('tickerMs', now));
    this.#desks.settle(desk);
    return 'stored';
  }

  protected _getTicker(symbol: string): Ticker | undefined {
    return this.#desks.get(symbol)?.liveTicker(this.clock.now());
  }

  protected override _tickerAtHand(symbol: string): Promise<Ticker> | undefined {
    return this.#desks.get(symbol)?.liveTickerAnswer(this.clock.now());
  }

  protected override _getTickers(symbols: readonly string[]): (Ticker | undefined)[] {
    return symbols.map((symbol) => this._getTicker(symbol));
  }

  protected _deleteTicker(symbol: string): boolean {
    const desk = this.#desks.get(symbol);
    if (desk === undefined || !desk.hasTicker) return false;
    const wasLive = desk.liveTicker(this.clock.now()) !== undefined;
    desk.dropTicker();
    this.#desks.settle(desk);
    return wasLive;
  }

  protected _setOrderBook(book: OrderBook): RealtimeWriteResult {
    const now = this.clock.now();
    const desk = this.#desks.obtain(book.symbol);
    const stored = desk.book;
    const isStale =
      stored !== undefined && stored.expiresAt > now && stored.timestamp > book.timestamp;
    if (isStale) return 'stale';
    desk.book ??= new StoredOrderBook(book.symbol);
    desk.book.store(book, this.expiresAt('orderBookMs', now), this.#maxDepth);
    this.#desks.settle(desk);
    return 'stored';
  }

  protected _getOrderBook(symbol: string, depth: number): OrderBook | undefined {
    return this.#liveBook(symbol)?.read(depth);
  }

  protected override _orderBookAtHand(symbol: string): Promise<OrderBook> | undefined {
    const book = this.#liveBook(symbol);
    if (book === undefined || book.isAnswered) return book?.answer();
    const answer = book.answer();
    this.#desks.settle(this.#desks.obtain(symbol));
    return answer;
  }

  protected override _getOrderBooks(
    symbols: readonly string[],
    depth: number,
  ): (OrderBook | undefined)[] {
    return symbols.map((symbol) => this._getOrderBook(symbol, depth));
  }

  protected _deleteOrderBook(symbol: string): boolean {
    const desk = this.#desks.get(symbol);
    if (desk?.book === undefined) return false;
    const wasLive = this.#liveBook(symbol) !== undefined;
    desk.book = undefined;
    this.#desks.settle(desk);
    return wasLive;
  }

  protected _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
    const now = this.clock.now();
    const desk = this.#desks.obtain(symbol);
    desk.trades ??= new TradeRing(this.#maxTrades, this.#lostThrough);
    const ring = desk.trades;
    this.countExpirations(ring.expire(now));
    const added = trades.filter((trade) => !ring.has(trade.id));
    const expiresAt = this.expiresAt('tradesMs', now);
    for (const trade of added) {
      this.#arrivals += 1;
      this.countEvictions(ring.append(trade, expiresAt, this.#arrivals));
    }
    this.#desks.settle(desk);
    return added;
  }

  protected _recentTrades(symbol: string, { limit, since }: CheckedTradeRead): Trade[] {
    return this.#liveTrades(symbol)?.recent(limit, since) ?? [];
  }

  protected _replayTrades(symbol: string, after: string | undefined): TradeReplay {
    const ring = this.#liveTrades(symbol);
    const from = after === undefined ? undefined : parseCursor(after);
    const isKnown = from?.incarnation === this.#incarnation && from.arrival <= this.#arrivals;
    const seen = isKnown ? from.arrival : 0;
    const lost = ring?.lostThrough ?? this.#lostThrough;
    return {
      trades: ring?.arrivedAfter(seen) ?? [],
      cursor: formatCursor({ incarnation: this.#incarnation, arrival: this.#arrivals }),
      gap: from !== undefined && (!isKnown || lost > seen),
    };
  }

  protected _deleteTrades(symbol: string): boolean {
    const ring = this.#liveTrades(symbol);
    const desk = this.#desks.get(symbol);
    if (ring === undefined || desk === undefined) return false;
    const wereLive = ring.length > 0;
    this.#forget(ring);
    desk.trades = undefined;
    this.#desks.settle(desk);
    return wereLive;
  }

  protected _clear(): void {
    this.#lostThrough = this.#arrivals;
    this.#desks.clear();
  }

  protected _sweep(now: EpochMs): number {
    return this.#desks.all().reduce((removed, desk) => removed + this.#sweepDesk(desk, now), 0);
  }

  protected _usage(): RealtimeUsage {
    const usage = { tickers: 0, orderBooks: 0, trades: 0 };
    for (const desk of this.#desks.all()) {
      if (desk.hasTicker) usage.tickers += 1;
      if (desk.book !== undefined) usage.orderBooks += 1;
      usage.trades += desk.trades?.length ?? 0;
    }
    return { ...usage, bytes: this.#desks.bytes };
  }

  #liveBook(symbol: string): StoredOrderBook | undefined {
    const book = this.#desks.get(symbol)?.book;
    return book !== undefined && book.expiresAt > this.clock.now() ? book : undefined;
  }

  #liveTrades(symbol: string): TradeRing | undefined {
    const ring = this.#desks.get(symbol)?.trades;
    if (ring !== undefined) this.countExpirations(ring.expire(this.clock.now()));
    return ring;
  }

  #sweepDesk(desk: SymbolDesk, now: EpochMs): number {
    const before = desk.values;
    if (desk.liveTicker(now) === undefined) desk.dropTicker();
    if (desk.book !== undefined && desk.book.expiresAt <= now) desk.book = undefined;
    desk.trades?.expire(now);
    desk.trades?.trim();
    const after = desk.values;
    if (desk.trades?.length === 0) {
      this.#forget(desk.trades);
      desk.trades = undefined;
    }
    this.#desks.settle(desk);
    return before - after;
  }

  /** A replay of a symbol without a desk can no longer tell what was lost of it, only of all. */
  #forget(ring: TradeRing | undefined): void {
    if (ring !== undefined) this.#lostThrough = Math.max(this.#lostThrough, ring.lastArrival);
  }
}

function validateBound(value: unknown, field: string): void {
  if (Number.isSafeInteger(value) && Number(value) >= 1) return;
  throw invalidInput({ field, rule: 'must be a whole number of at least 1', value });
}
