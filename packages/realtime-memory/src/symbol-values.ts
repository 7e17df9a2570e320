import type { Ticker } from '@barkeep/core';
import type { RecentTrades } from './recent-trades.ts';
import type { StoredOrderBook } from './stored-order-book.ts';

/** The object itself, its place in the map, and the symbol. */
const OWN_BYTES = 208;
const TICKER_BYTES = 344;

/** All that is kept of one symbol, and its neighbours in the order of use. */
export class SymbolValues {
  readonly symbol: string;
  book: StoredOrderBook | undefined;
  trades: RecentTrades | undefined;
  /** As last added up, for the total of all symbols. */
  bytes = 0;
  /** Used just after this one. */
  newer: SymbolValues | undefined;
  /** Used just before this one. */
  older: SymbolValues | undefined;

  #ticker: Ticker | undefined;
  /** In the time of the cache, as all instants here. */
  #tickerExpiresAt = 0;
  /** The ticker as readers get it, made once for all of them. */
  #tickerAnswer: Promise<Ticker> | undefined;

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  get hasTicker(): boolean {
    return this.#ticker !== undefined;
  }

  setTicker(ticker: Ticker, expiresAt: number): void {
    this.#ticker = ticker;
    this.#tickerExpiresAt = expiresAt;
    this.#tickerAnswer = undefined;
  }

  dropTicker(): void {
    this.#ticker = undefined;
    this.#tickerAnswer = undefined;
  }

  liveTicker(now: number): Ticker | undefined {
    return this.#tickerExpiresAt > now ? this.#ticker : undefined;
  }

  liveBook(now: number): StoredOrderBook | undefined {
    return this.book !== undefined && this.book.expiresAt > now ? this.book : undefined;
  }

  /** The same in a promise that has resolved. */
  liveTickerAnswer(now: number): Promise<Ticker> | undefined {
    if (this.#ticker === undefined || this.#tickerExpiresAt <= now) return undefined;
    this.#tickerAnswer ??= Promise.resolve(this.#ticker);
    return this.#tickerAnswer;
  }

  get isEmpty(): boolean {
    return this.#ticker === undefined && this.book === undefined && this.trades === undefined;
  }

  /** How many values are here: a ticker, a book and each trade are one. */
  get count(): number {
    return (
      (this.#ticker === undefined ? 0 : 1) +
      (this.book === undefined ? 0 : 1) +
      (this.trades?.length ?? 0)
    );
  }

  measure(): number {
    return (
      OWN_BYTES +
      2 * this.symbol.length +
      (this.#ticker === undefined ? 0 : TICKER_BYTES) +
      (this.book?.bytes ?? 0) +
      (this.trades?.bytes ?? 0)
    );
  }
}
