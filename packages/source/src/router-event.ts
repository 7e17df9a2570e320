import type {
  BarkeepError,
  Candle,
  EpochMs,
  OrderBook,
  SeriesKey,
  Ticker,
  Trade,
  TradeInput,
} from '@barkeep/core';

/** The state of a candle in progress, or its final state. The latest state of a candle wins. */
export interface LiveCandle {
  readonly key: SeriesKey;
  readonly candle: Candle;
  /**
   * Time of the last trade in it, or of the state itself, in milliseconds. Increases with each
   * state and is not ahead of the clock. If equal, the state that arrives later wins.
   */
  readonly asOf: EpochMs;
}

/**
 * - `connecting`: not connected yet
 * - `connected`: everything arrives
 * - `reconnecting`: the connection was lost, and the router is reconnecting
 * - `closed`: nothing will arrive any more
 */
export type RouterStatus = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** The state of the router's connection to its exchange. */
export interface RouterConnection {
  readonly status: RouterStatus;
  /**
   * If `connected`: when the connection was established. Otherwise: the time up to which everything
   * has certainly arrived. That is the last sign of life, not the moment the loss was detected, and
   * not before the connection was established. Coverage recorded after it is withdrawn.
   */
  readonly since: EpochMs;
}

/**
 * A guarantee for one series: every candle of a period that starts at `since` or later arrives, and
 * its last state is final, as long as the connection stays `connected` and no `streamEnded` is
 * emitted. A period without any state had no trades.
 */
export interface CandleStream {
  readonly key: SeriesKey;
  /**
   * Start of a period, not before the one in which the connection was established. If you subscribe
   * in the middle of a period and the exchange does not send that candle's state, start with the
   * next period.
   */
  readonly since: EpochMs;
}

/** An event of a router. Events may be repeated and out of order. */
export type RouterEvent =
  | { readonly type: 'ticker'; readonly ticker: Ticker }
  | { readonly type: 'orderBook'; readonly book: OrderBook }
  /** The trades of one message. Those without an id get one from `identifyTrades`. */
  | { readonly type: 'trades'; readonly symbol: string; readonly trades: readonly TradeInput[] }
  | { readonly type: 'candle'; readonly live: LiveCandle }
  /** A value broke a rule and was dropped; the valid ones beside it are emitted as usual. */
  | { readonly type: 'refused'; readonly error: BarkeepError }
  /**
   * A stream starts, or replaces the earlier one of its series. Emitted again after a reconnect,
   * with a `since` not before the period of the reconnect.
   */
  | { readonly type: 'stream'; readonly stream: CandleStream }
  /** A stream ended. It was complete up to `at`. */
  | { readonly type: 'streamEnded'; readonly key: SeriesKey; readonly at: EpochMs }
  /** The connection changed. Ends all streams unless `connected`. */
  | { readonly type: 'connection'; readonly connection: RouterConnection };

/** An event in which all trades have ids. */
export type IdentifiedEvent =
  | Exclude<RouterEvent, { readonly type: 'trades' }>
  | { readonly type: 'trades'; readonly symbol: string; readonly trades: readonly Trade[] };

/** Market data, as opposed to the state of the connection. */
export type MarketEvent = Extract<
  RouterEvent,
  { readonly type: 'ticker' | 'orderBook' | 'trades' | 'candle' }
>;
