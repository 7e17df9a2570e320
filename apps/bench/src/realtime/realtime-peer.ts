import type { OrderBook, Ticker } from '@barkeep/core';

/**
 * A way to keep the latest ticker and order book of each symbol. To add one: a file next to this
 * one, and its name in `realtime-peers.ts`.
 */
export interface RealtimePeer {
  readonly name: string;
  /** How it is written, with the settings that matter. */
  readonly description: string;
  /** The npm packages it measures. */
  readonly libraries: readonly string[];
  open(): Promise<RealtimeStore>;
}

export interface RealtimeStore {
  readonly tickers: LatestValues<Ticker>;
  readonly orderBooks: LatestValues<OrderBook>;
  close(): Promise<void>;
}

/** What is known of each symbol. The loops are the peer's own: only those who must `await` do. */
export interface LatestValues<T> {
  /** Stores values one by one; one that is older than what is stored changes nothing. */
  setEach(values: readonly T[]): Promise<void>;
  /** Reads symbols one by one. */
  getEach(symbols: readonly string[], see: (value: T | undefined) => void): Promise<void>;
}
