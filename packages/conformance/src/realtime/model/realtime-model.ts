import type { ManualClock, OrderBook, Ticker } from '@barkeep/core';
import type { IRealtimeCache, RealtimeEvent } from '@barkeep/realtime';
import { LatestValues } from './latest-values.ts';
import { RecentTrades } from './recent-trades.ts';

const BELIEVED_AHEAD_MS = 600_000;

/** Tells of what was stored: the values of one type and symbol, in order. */
export type Tell = (
  type: Exclude<RealtimeEvent['type'], 'lagged'>,
  symbol: string,
  values: readonly unknown[],
) => void;

/** What a realtime cache does, in the plainest way. Its methods answer as those of `IRealtimeCache`. */
export class RealtimeModel {
  readonly tickers: LatestValues<Ticker>;
  readonly orderBooks: LatestValues<OrderBook>;
  readonly trades: RecentTrades;
  readonly counts = { hits: 0, misses: 0, stored: 0, stale: 0, duplicates: 0 };
  readonly tell: Tell;
  readonly #clock: ManualClock;

  constructor({ expiry, capabilities }: IRealtimeCache, clock: ManualClock, tell: Tell) {
    this.#clock = clock;
    this.tell = tell;
    this.tickers = new LatestValues(this, expiry.tickerMs);
    this.orderBooks = new LatestValues(this, expiry.orderBookMs, capabilities.maxBookDepth);
    this.trades = new RecentTrades(this, expiry.tradesMs, capabilities.maxTradesPerSymbol);
  }

  /** What lives are measured by: the time that passes, whatever the wall clock is set to. */
  now(): number {
    return this.#clock.monotonic();
  }

  believes({ timestamp }: { readonly timestamp: number }): boolean {
    return timestamp <= this.#clock.now() + BELIEVED_AHEAD_MS;
  }

  clear(): void {
    for (const part of [this.tickers, this.orderBooks, this.trades]) part.clear();
  }

  usage(): { readonly tickers: number; readonly orderBooks: number; readonly trades: number } {
    const { tickers, orderBooks, trades } = this;
    return { tickers: tickers.count(), orderBooks: orderBooks.count(), trades: trades.count() };
  }
}
