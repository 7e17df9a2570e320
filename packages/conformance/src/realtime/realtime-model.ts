import type { ManualClock, OrderBook, Ticker, Trade } from '@barkeep/core';
import { DEFAULT_REALTIME_EXPIRY, type RealtimeWriteResult } from '@barkeep/realtime';

interface Kept<Value> {
  readonly value: Value;
  readonly expiresAt: number;
}

interface KeptTrade extends Kept<Trade> {
  readonly arrival: number;
}

/**
 * What a realtime cache with room for everything does, in the plainest way. Lives are measured by the time
 * that passes, whatever the wall clock is set to.
 */
export class RealtimeModel {
  readonly #clock: ManualClock;
  readonly #tickers = new Map<string, Kept<Ticker>>();
  readonly #books = new Map<string, Kept<OrderBook>>();
  readonly #trades = new Map<string, KeptTrade[]>();
  /** The arrivals of each symbol's trades, gone ones included. */
  readonly #arrived = new Map<string, number[]>();
  #arrivals = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  get arrivals(): number {
    return this.#arrivals;
  }

  setTicker(ticker: Ticker): RealtimeWriteResult {
    return this.#set(this.#tickers, ticker, DEFAULT_REALTIME_EXPIRY.tickerMs);
  }

  setBook(book: OrderBook): RealtimeWriteResult {
    return this.#set(this.#books, book, DEFAULT_REALTIME_EXPIRY.orderBookMs);
  }

  ticker(symbol: string): Ticker | undefined {
    return this.#live(this.#tickers.get(symbol));
  }

  book(symbol: string): OrderBook | undefined {
    return this.#live(this.#books.get(symbol));
  }

  append(symbol: string, trades: readonly Trade[]): { added: number; duplicates: number } {
    const kept = this.#liveTrades(symbol);
    let added = 0;
    for (const value of trades) {
      if (kept.some((one) => one.value.id === value.id)) continue;
      const expiresAt = this.#clock.monotonic() + DEFAULT_REALTIME_EXPIRY.tradesMs;
      this.#arrivals += 1;
      this.#arrived.set(symbol, [...(this.#arrived.get(symbol) ?? []), this.#arrivals]);
      kept.push({ value, expiresAt, arrival: this.#arrivals });
      added += 1;
    }
    this.#trades.set(symbol, kept);
    return { added, duplicates: trades.length - added };
  }

  recent(symbol: string): Trade[] {
    return this.#liveTrades(symbol)
      .map(({ value }) => value)
      .sort((a, b) => a.timestamp - b.timestamp);
  }

  arrivedAfter(symbol: string, arrival: number): Trade[] {
    return this.#liveTrades(symbol)
      .filter((one) => one.arrival > arrival)
      .map(({ value }) => value);
  }

  /** Whether a trade that arrived after a number is gone. */
  hasLostAfter(symbol: string, arrival: number): boolean {
    const arrived = (this.#arrived.get(symbol) ?? []).filter((one) => one > arrival);
    return arrived.length > this.arrivedAfter(symbol, arrival).length;
  }

  delete(kind: 'tickers' | 'orderBooks' | 'trades', symbol: string): boolean {
    if (kind === 'trades') {
      const wereThere = this.#liveTrades(symbol).length > 0;
      this.#trades.delete(symbol);
      return wereThere;
    }
    const values = kind === 'tickers' ? this.#tickers : this.#books;
    const wasThere = this.#live<Ticker | OrderBook>(values.get(symbol)) !== undefined;
    values.delete(symbol);
    return wasThere;
  }

  #set<Value extends Ticker | OrderBook>(
    values: Map<string, Kept<Value>>,
    value: Value,
    lifeMs: number,
  ): RealtimeWriteResult {
    const before = this.#live(values.get(value.symbol));
    if (before !== undefined && before.timestamp > value.timestamp) return 'stale';
    values.set(value.symbol, { value, expiresAt: this.#clock.monotonic() + lifeMs });
    return 'stored';
  }

  #live<Value>(kept: Kept<Value> | undefined): Value | undefined {
    return kept !== undefined && kept.expiresAt > this.#clock.monotonic() ? kept.value : undefined;
  }

  #liveTrades(symbol: string): KeptTrade[] {
    const now = this.#clock.monotonic();
    return (this.#trades.get(symbol) ?? []).filter(({ expiresAt }) => expiresAt > now);
  }
}
