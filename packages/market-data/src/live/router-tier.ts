import {
  CandleSeries,
  type Interval,
  type OrderBook,
  type SeriesKey,
  type Ticker,
  type Trade,
  validateOrderBook,
  validateTicker,
  validateTrades,
} from '@barkeep/core';
import { copyOrderBook, copyTrade, frozenTicker } from '@barkeep/realtime';
import type { ISmartRouter } from '@barkeep/source';
import type { TierStatistics } from '../market-data-statistics.ts';

/**
 * The values that the router has in memory: for what our own memory lacks. They count only while the
 * router is connected, because what it had before may have changed since. A router that throws, or
 * gives what breaks a rule, is passed over and counted.
 */
export class RouterTier {
  readonly #router: ISmartRouter;
  #hits = 0;
  #misses = 0;
  #failures = 0;

  constructor(router: ISmartRouter) {
    this.#router = router;
  }

  get statistics(): TierStatistics {
    return {
      name: 'router',
      adapter: this.#router.name,
      hits: this.#hits,
      misses: this.#misses,
      failures: this.#failures,
    };
  }

  ticker(symbol: string): Ticker | undefined {
    return this.#read((router) => {
      const ticker = router.getTicker(symbol);
      if (ticker === undefined) return undefined;
      validateTicker(ticker);
      assertSymbol(ticker.symbol, symbol);
      return frozenTicker(ticker);
    });
  }

  /** At most `depth` levels a side. */
  orderBook(symbol: string, depth: number): OrderBook | undefined {
    return this.#read((router) => {
      const book = router.getOrderBook(symbol);
      if (book === undefined) return undefined;
      validateOrderBook(book);
      assertSymbol(book.symbol, symbol);
      const { bids, asks } = book;
      return copyOrderBook({ ...book, bids: bids.slice(0, depth), asks: asks.slice(0, depth) });
    });
  }

  /** The latest `limit` at or after `since`, ascending by timestamp. */
  trades(symbol: string, limit: number, since: number): Trade[] | undefined {
    return this.#read((router) => {
      const trades = router.getTrades(symbol);
      if (trades.length === 0) return undefined;
      validateTrades(trades);
      const wanted = trades.filter(({ timestamp }) => timestamp >= since);
      return wanted.slice(Math.max(0, wanted.length - limit)).map(copyTrade);
    });
  }

  /** The candles in the making, and those of periods ended shortly before, within a stretch. */
  candles(key: SeriesKey, { from, to }: Interval): CandleSeries | undefined {
    return this.#read((router) => {
      const candles = router
        .getCandles(key)
        .map(({ candle }) => candle)
        .filter(({ timestamp }) => timestamp >= from && timestamp < to);
      return candles.length === 0 ? undefined : CandleSeries.from(key, candles);
    });
  }

  #read<Value>(look: (router: ISmartRouter) => Value | undefined): Value | undefined {
    try {
      const isConnected = this.#router.connection.status === 'connected';
      const value = isConnected ? look(this.#router) : undefined;
      if (value === undefined) this.#misses += 1;
      else this.#hits += 1;
      return value;
    } catch {
      this.#failures += 1;
      return undefined;
    }
  }
}

function assertSymbol(given: string, asked: string): void {
  if (given !== asked) throw new TypeError(`the router gave ${given} for ${asked}`);
}
