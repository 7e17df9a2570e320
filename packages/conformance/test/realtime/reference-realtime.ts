import {
  BarkeepError,
  type Clock,
  type EpochMs,
  type OrderBook,
  type Ticker,
  type Trade,
} from '@barkeep/core';
import {
  AbstractRealtimeCache,
  type CheckedTradeRead,
  copyOrderBook,
  malformedCursor,
  type RealtimeCapabilities,
  type RealtimeUsage,
  type RealtimeWriteResult,
  type TradeReplay,
} from '@barkeep/realtime';
import type { KeptPlace } from '../../src/index.ts';

const MAX_SYMBOLS = 150;
const MAX_TRADES = 60;

export interface Kept<Value> {
  readonly value: Value;
  /** In the time of the cache. */
  readonly expiresAt: number;
}

export interface KeptTrade extends Kept<Trade> {
  readonly arrival: number;
}

/** The least that keeps every promise of the realtime contract: what bugs are planted in. */
export class ReferenceRealtime extends AbstractRealtimeCache {
  protected tickersBySymbol: Map<string, Kept<Ticker>> = new Map();
  protected booksBySymbol: Map<string, Kept<OrderBook>> = new Map();
  protected tradesBySymbol: Map<string, KeptTrade[]> = new Map();
  protected incarnation: string = crypto.randomUUID();
  protected arrivals = 0;
  /** The last arrival of each symbol that is gone. */
  protected lost: Map<string, number> = new Map();
  /** What is no newer was pushed out of a symbol or refused before. */
  protected lostUntil: Map<string, EpochMs> = new Map();
  /** Whether what lies below refuses writes. */
  isFailing = false;

  constructor(clock: Clock, capabilities: Partial<RealtimeCapabilities> = {}) {
    super(
      'reference-realtime',
      {
        sharing: 'process',
        platforms: ['node', 'browser'],
        maxSymbols: MAX_SYMBOLS,
        maxTradesPerSymbol: MAX_TRADES,
        ...capabilities,
      },
      { clock },
    );
  }

  /** Puts something foreign in the place of a value. */
  damage({ kind, name }: KeptPlace): void {
    const foreign: Kept<never> = { value: 'foreign' as never, expiresAt: Infinity };
    if (kind === 'tickers') this.tickersBySymbol.set(name, foreign);
    else if (kind === 'orderBooks') this.booksBySymbol.set(name, foreign);
    else this.tradesBySymbol.set(name, [{ ...foreign, arrival: this.arrivals }]);
  }

  protected _setTicker(ticker: Ticker): RealtimeWriteResult | Promise<RealtimeWriteResult> {
    return this.setLatest(this.tickersBySymbol, ticker, this.expiry.tickerMs);
  }

  protected _getTicker(symbol: string): Ticker | undefined {
    return this.live(this.tickersBySymbol.get(symbol));
  }

  protected _deleteTicker(symbol: string): boolean {
    return this.remove(this.tickersBySymbol, symbol);
  }

  protected _setOrderBook(book: OrderBook): RealtimeWriteResult {
    return this.setLatest(this.booksBySymbol, copyOrderBook(book), this.expiry.orderBookMs);
  }

  protected _getOrderBook(symbol: string, depth: number): OrderBook | undefined {
    const book = this.live(this.booksBySymbol.get(symbol));
    if (book === undefined) return undefined;
    const { bids, asks } = copyOrderBook(book);
    return { ...book, bids: bids.slice(0, depth), asks: asks.slice(0, depth) };
  }

  protected _deleteOrderBook(symbol: string): boolean {
    return this.remove(this.booksBySymbol, symbol);
  }

  protected _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
    this.useBelow();
    const kept = this.readableTrades(symbol);
    const expiresAt = this.now() + this.lifeMs('tradesMs');
    const added = trades.filter((value) => {
      if (this.hasTrade(kept, value)) return false;
      this.arrivals += 1;
      if (!this.admits(symbol, kept, value)) return false;
      kept.push({ value, expiresAt, arrival: this.arrivals });
      return true;
    });
    this.tradesBySymbol.set(symbol, kept);
    this.evict(this.tradesBySymbol);
    return added;
  }

  protected _recentTrades(symbol: string, { limit, since }: CheckedTradeRead): Trade[] {
    const wanted = this.readableTrades(symbol)
      .map(({ value }) => ({ ...value }))
      .filter(({ timestamp }) => timestamp >= since)
      .sort((a, b) => a.timestamp - b.timestamp);
    return wanted.slice(Math.max(0, wanted.length - limit));
  }

  protected _replayTrades(symbol: string, after: string | undefined): TradeReplay {
    const [, incarnation, arrival] = /^([0-9a-f-]{36}):(\d+)$/.exec(after ?? '') ?? [];
    if (after !== undefined && incarnation === undefined) throw malformedCursor(after);
    const isKnown = incarnation === this.incarnation;
    const seen = isKnown ? Number(arrival) : 0;
    const trades = this.readableTrades(symbol).filter((one) => one.arrival > seen);
    return {
      trades: trades.map(({ value }) => ({ ...value })),
      cursor: `${this.incarnation}:${this.arrivals}`,
      gap: after !== undefined && (!isKnown || (this.lost.get(symbol) ?? 0) > seen),
    };
  }

  protected _deleteTrades(symbol: string): boolean {
    const { length } = this.liveTrades(symbol);
    this.drop(symbol, length);
    this.tradesBySymbol.delete(symbol);
    this.lostUntil.delete(symbol);
    return length > 0;
  }

  protected _clear(): void {
    for (const symbol of this.tradesBySymbol.keys()) this._deleteTrades(symbol);
    this.tickersBySymbol.clear();
    this.booksBySymbol.clear();
  }

  protected _sweep(): number {
    const now = this.now();
    let removed = 0;
    for (const values of [this.tickersBySymbol, this.booksBySymbol]) {
      for (const [symbol, { expiresAt }] of values) {
        if (expiresAt <= now && values.delete(symbol)) removed += 1;
      }
    }
    for (const [symbol, trades] of this.tradesBySymbol) {
      const before = trades.length;
      const left = this.liveTrades(symbol).length;
      if (left === 0) this.tradesBySymbol.delete(symbol);
      removed += before - left;
    }
    return removed;
  }

  protected _usage(): RealtimeUsage {
    const trades = [...this.tradesBySymbol.values()].reduce((sum, { length }) => sum + length, 0);
    const levels = [...this.booksBySymbol.values()]
      .filter(({ value }) => typeof value === 'object')
      .reduce((sum, { value }) => sum + value.bids.length + value.asks.length, 0);
    const tickers = this.tickersBySymbol.size;
    const bytes = 200 * tickers + 100 * levels + 200 * trades;
    return { tickers, orderBooks: this.booksBySymbol.size, trades, bytes };
  }

  /** What lives are measured by. */
  protected now(): number {
    return this.time.now();
  }

  protected useBelow(): void {
    if (this.isFailing) throw new BarkeepError('UNAVAILABLE', 'refused below', { retryable: true });
  }

  protected setLatest<Value extends Ticker | OrderBook>(
    values: Map<string, Kept<Value>>,
    value: Value,
    lifeMs: number,
  ): RealtimeWriteResult {
    this.useBelow();
    const before = this.live(values.get(value.symbol));
    if (before !== undefined && this.isOlder(before, value)) return 'stale';
    values.delete(value.symbol);
    values.set(value.symbol, { value, expiresAt: this.now() + lifeMs });
    this.evict(values);
    return 'stored';
  }

  protected isOlder(before: Ticker | OrderBook, value: Ticker | OrderBook): boolean {
    return this.isStale(value.timestamp, before.timestamp);
  }

  /** Makes room for a trade, unless all others are newer. */
  protected admits(symbol: string, kept: KeptTrade[], { timestamp }: Trade): boolean {
    const byTime = kept.toSorted((a, b) => a.value.timestamp - b.value.timestamp);
    const [oldest, newest] = [byTime[0], byTime.at(-1)];
    if (
      kept.length < this.capabilities.maxTradesPerSymbol ||
      oldest === undefined ||
      newest === undefined
    )
      return true;
    const latest = this.clock.now() + this.maxAheadMs;
    if (timestamp <= latest && newest.value.timestamp > latest) {
      this.lose(symbol, kept, newest);
      return true;
    }
    const until = this.lostUntil.get(symbol) ?? Number.NEGATIVE_INFINITY;
    if (timestamp < oldest.value.timestamp) {
      if (timestamp > until) this.lost.set(symbol, this.arrivals);
      this.lostUntil.set(symbol, Math.max(until, timestamp));
      return false;
    }
    this.lostUntil.set(symbol, Math.max(until, oldest.value.timestamp));
    this.lose(symbol, kept, oldest);
    return true;
  }

  protected lose(symbol: string, kept: KeptTrade[], one: KeptTrade): void {
    kept.splice(kept.indexOf(one), 1);
    this.lost.set(symbol, Math.max(this.lost.get(symbol) ?? 0, one.arrival));
    this.countEvictions(1);
  }

  protected hasTrade(kept: readonly KeptTrade[], { id }: Trade): boolean {
    return kept.some(({ value }) => value.id === id);
  }

  protected live<Value>(kept: Kept<Value> | undefined): Value | undefined {
    if (kept === undefined || kept.expiresAt <= this.now()) return undefined;
    return this.isReadable(kept.value) ? kept.value : undefined;
  }

  /** Whether it is ours. */
  protected isReadable(value: unknown): boolean {
    if (typeof value === 'object') return true;
    this.countUnreadable(1);
    return false;
  }

  /** Without those that something else put there, as which they are lost. */
  protected readableTrades(symbol: string): KeptTrade[] {
    const trades = this.liveTrades(symbol);
    const readable = trades.filter(({ value }) => this.isReadable(value));
    if (readable.length < trades.length) this.lost.set(symbol, this.arrivals);
    return readable;
  }

  protected liveTrades(symbol: string): KeptTrade[] {
    const trades = this.tradesBySymbol.get(symbol) ?? [];
    const alive = trades.findIndex(({ expiresAt }) => expiresAt > this.now());
    this.drop(symbol, alive === -1 ? trades.length : alive);
    return trades;
  }

  /** Removes the oldest trades. */
  protected drop(symbol: string, count: number): void {
    const dropped = this.tradesBySymbol.get(symbol)?.splice(0, count) ?? [];
    const last = dropped.at(-1);
    if (last !== undefined) {
      this.lost.set(symbol, Math.max(this.lost.get(symbol) ?? 0, last.arrival));
    }
  }

  protected remove(values: Map<string, Kept<unknown>>, symbol: string): boolean {
    const wasThere = this.live(values.get(symbol)) !== undefined;
    values.delete(symbol);
    return wasThere;
  }

  protected evict(values: Map<string, unknown>): void {
    while (values.size > (this.capabilities.maxSymbols ?? Infinity)) {
      const [oldest] = values.keys();
      if (oldest === undefined) return;
      values.delete(oldest);
      this.countEvictions(1);
    }
  }
}
