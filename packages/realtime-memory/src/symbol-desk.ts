import type { EpochMs, Ticker } from '@barkeep/core';
import type { StoredOrderBook } from './stored-order-book.ts';
import type { TradeRing } from './trade-ring.ts';

/** The object itself, its place in the map, and the symbol. */
const OWN_BYTES = 208;
const TICKER_BYTES = 344;

/** All that is kept of one symbol, and its neighbours in the order of use. */
export class SymbolDesk {
  readonly symbol: string;
  book: StoredOrderBook | undefined;
  trades: TradeRing | undefined;
  /** As last added up, for the total of all desks. */
  bytes = 0;
  /** Used just after this one. */
  newer: SymbolDesk | undefined;
  /** Used just before this one. */
  older: SymbolDesk | undefined;

  #ticker: Ticker | undefined;
  #tickerExpiresAt: EpochMs = 0;
  /** The ticker as readers get it, made once for all of them. */
  #tickerAnswer: Promise<Ticker> | undefined;

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  get hasTicker(): boolean {
    return this.#ticker !== undefined;
  }

  setTicker(ticker: Ticker, expiresAt: EpochMs): void {
    this.#ticker = ticker;
    this.#tickerExpiresAt = expiresAt;
    this.#tickerAnswer = undefined;
  }

  dropTicker(): void {
    this.#ticker = undefined;
    this.#tickerExpiresAt = 0;
    this.#tickerAnswer = undefined;
  }

  liveTicker(now: EpochMs): Ticker | undefined {
    return this.#tickerExpiresAt > now ? this.#ticker : undefined;
  }

  /** The same in a promise that has resolved. */
  liveTickerAnswer(now: EpochMs): Promise<Ticker> | undefined {
    if (this.#ticker === undefined || this.#tickerExpiresAt <= now) return undefined;
    this.#tickerAnswer ??= Promise.resolve(this.#ticker);
    return this.#tickerAnswer;
  }

  get isEmpty(): boolean {
    return this.#ticker === undefined && this.book === undefined && this.trades === undefined;
  }

  /** How many values are here: a ticker, a book and each trade are one. */
  get values(): number {
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
