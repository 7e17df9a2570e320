import type { EpochMs, Ticker } from '@barkeep/core';
import type { StoredOrderBook } from './stored-order-book.ts';
import type { TradeRing } from './trade-ring.ts';

/** The object itself, its place in the map, and the symbol. */
const OWN_BYTES = 208;
const TICKER_BYTES = 304;

/** All that is kept of one symbol, and its neighbours in the order of use. */
export class SymbolDesk {
  readonly symbol: string;
  ticker: Ticker | undefined;
  tickerExpiresAt: EpochMs = 0;
  book: StoredOrderBook | undefined;
  trades: TradeRing | undefined;
  /** As last added up, for the total of all desks. */
  bytes = 0;
  /** Used just after this one. */
  newer: SymbolDesk | undefined;
  /** Used just before this one. */
  older: SymbolDesk | undefined;

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  get isEmpty(): boolean {
    return this.ticker === undefined && this.book === undefined && this.trades === undefined;
  }

  /** How many values are here: a ticker, a book and each trade are one. */
  get values(): number {
    return (
      (this.ticker === undefined ? 0 : 1) +
      (this.book === undefined ? 0 : 1) +
      (this.trades?.length ?? 0)
    );
  }

  measure(): number {
    return (
      OWN_BYTES +
      2 * this.symbol.length +
      (this.ticker === undefined ? 0 : TICKER_BYTES) +
      (this.book?.bytes ?? 0) +
      (this.trades?.bytes ?? 0)
    );
  }
}
