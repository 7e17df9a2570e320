import type { Interval, OrderBook, SeriesKey, Ticker, Trade } from '@barkeep/core';
import { seriesKeyText } from '@barkeep/core';
import { copyOrderBook, copyTrade, frozenTicker } from '@barkeep/realtime';
import {
  type ISmartRouter,
  type LiveCandle,
  type MarketEvent,
  siftRouterEvent,
} from '@barkeep/source';
import type { ClockBound } from '../config/refuse-ahead.ts';
import type { TierStatistics } from '../contract/market-data-statistics.ts';
import type { LiveStreams } from '../series/live-streams.ts';
import type { LiveArrivals } from './live-arrivals.ts';

export interface RouterTierOptions extends ClockBound {
  readonly router: ISmartRouter;
  readonly streams: LiveStreams;
  readonly arrivals: LiveArrivals;
}

/**
 * The values that the router has in memory: for what our own memory lacks. They count only while the
 * router is connected, and if they came over that connection: what it had before may have changed since.
 * A router that throws, or gives what breaks a rule, is passed over and counted.
 */
export class RouterTier {
  readonly #options: RouterTierOptions;
  readonly #router: ISmartRouter;
  #hits = 0;
  #misses = 0;
  #failures = 0;

  constructor(options: RouterTierOptions) {
    this.#options = options;
    this.#router = options.router;
  }

  get statistics(): TierStatistics {
    return {
      name: 'router',
      adapter: this.#router.name,
      hits: this.#hits,
      misses: this.#misses,
      failures: this.#failures,
      bytes: undefined,
      evictions: undefined,
    };
  }

  ticker(symbol: string): Ticker | undefined {
    return this.#read((router) => {
      const ticker = router.getTicker(symbol);
      if (ticker === undefined) return undefined;
      this.#check({ type: 'ticker', ticker });
      assertSymbol(ticker.symbol, symbol);
      const counts = this.#options.arrivals.counts('ticker', symbol, ticker.timestamp);
      return counts ? frozenTicker(ticker) : undefined;
    });
  }

  /** At most `depth` levels a side. */
  orderBook(symbol: string, depth: number): OrderBook | undefined {
    return this.#read((router) => {
      const book = router.getOrderBook(symbol);
      if (book === undefined) return undefined;
      this.#check({ type: 'orderBook', book });
      assertSymbol(book.symbol, symbol);
      if (!this.#options.arrivals.counts('orderBook', symbol, book.timestamp)) return undefined;
      const { bids, asks } = book;
      return copyOrderBook({ ...book, bids: bids.slice(0, depth), asks: asks.slice(0, depth) });
    });
  }

  /** The latest `limit` at or after `since`, ascending by timestamp. */
  trades(symbol: string, limit: number, since: number): Trade[] | undefined {
    return this.#read((router) => {
      const event = this.#check({ type: 'trades', symbol, trades: router.getTrades(symbol) });
      if (event?.type !== 'trades') return undefined;
      const counts = this.#options.arrivals.tradeCounts(symbol);
      const current = event.trades.filter(({ timestamp }) => counts(timestamp));
      if (current.length === 0) return undefined;
      const wanted = current.filter(({ timestamp }) => timestamp >= since);
      return wanted.slice(Math.max(0, wanted.length - limit)).map(copyTrade);
    });
  }

  /**
   * The candles in the making, and those of periods ended shortly before, within a stretch: where the
   * promise of a stream holds, or where a state has come over the present connection.
   */
  candles(key: SeriesKey, { from, to }: Interval): LiveCandle[] | undefined {
    const text = seriesKeyText(key);
    return this.#read((router) => {
      const since = this.#options.streams.since(text) ?? Number.POSITIVE_INFINITY;
      const current = router.getCandles(key).filter((live) => {
        if (!this.#isRight(live) || seriesKeyText(live.key) !== text) return false;
        const { timestamp } = live.candle;
        if (timestamp < from || timestamp >= to) return false;
        return timestamp >= since || this.#options.arrivals.hasCandle(key, timestamp);
      });
      return current.length === 0 ? undefined : current;
    });
  }

  /** What is right of an event; throws when nothing is. Single trades that are wrong are counted. */
  #check(event: MarketEvent) {
    const { clock, maxAheadMs } = this.#options;
    const { event: right, faults } = siftRouterEvent(event, { now: clock.now(), maxAheadMs });
    if (right === undefined && faults[0] !== undefined) throw faults[0];
    this.#failures += faults.length;
    return right;
  }

  #isRight(live: LiveCandle): boolean {
    try {
      return this.#check({ type: 'candle', live }) !== undefined;
    } catch {
      this.#failures += 1;
      return false;
    }
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
