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

/** The state of one candle at an instant: of two states of the same candle the later one counts. */
export interface LiveCandle {
  readonly key: SeriesKey;
  readonly candle: Candle;
  /**
   * The instant of the last trade in it, or of the state itself, in milliseconds: it grows with each
   * state of the candle, and is not ahead of the clock. Of equal ones, the state that comes later counts.
   */
  readonly asOf: EpochMs;
}

/**
 * - `connecting`: not connected yet
 * - `connected`: everything that happens comes through
 * - `reconnecting`: the connection was lost, and another one is sought
 * - `closed`: nothing will come any more
 */
export type RouterStatus = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** How the router stands with its exchange. */
export interface RouterConnection {
  readonly status: RouterStatus;
  /**
   * When `connected`: since when. Otherwise: up to when everything has surely come through, so the
   * last sign of life, not the instant at which its absence was noticed, and not before the connection
   * was made. What is said of the time after it, such as that nothing was traded, is taken back.
   */
  readonly since: EpochMs;
}

/**
 * A promise about a series: every candle whose period starts at `since` or later comes through, in
 * states of which the last is final, as long as the connection stays `connected` and no `streamEnded`
 * is told. A period for which no state comes had no trades.
 */
export interface CandleStream {
  readonly key: SeriesKey;
  /**
   * A period's start, not before the period in which the connection was made. Who subscribes to an
   * exchange in the middle of a period, and is not sent the state of its candle, can promise from the
   * next period on only.
   */
  readonly since: EpochMs;
}

/** What a router tells its subscribers. Messages may be repeated and come out of order. */
export type RouterEvent =
  | { readonly type: 'ticker'; readonly ticker: Ticker }
  | { readonly type: 'orderBook'; readonly book: OrderBook }
  /** The trades of one delivery: those without an id get one by `identifyTrades`. */
  | { readonly type: 'trades'; readonly symbol: string; readonly trades: readonly TradeInput[] }
  | { readonly type: 'candle'; readonly live: LiveCandle }
  /** A value broke a rule and was dropped; the valid ones beside it are emitted as usual. */
  | { readonly type: 'refused'; readonly error: BarkeepError }
  /**
   * The promise holds from now on, and replaces the one of the series before. After a reconnect it is
   * told anew, with a `since` not before the period in which the reconnect falls.
   */
  | { readonly type: 'stream'; readonly stream: CandleStream }
  /** The promise ends at an instant, up to which it was kept. */
  | { readonly type: 'streamEnded'; readonly key: SeriesKey; readonly at: EpochMs }
  /** Unless it is `connected`, it ends every stream. */
  | { readonly type: 'connection'; readonly connection: RouterConnection };

/** An event whose trades have ids. */
export type IdentifiedEvent =
  | Exclude<RouterEvent, { readonly type: 'trades' }>
  | { readonly type: 'trades'; readonly symbol: string; readonly trades: readonly Trade[] };

/** What happens on a market, as opposed to how the connection to it stands. */
export type MarketEvent = Extract<
  RouterEvent,
  { readonly type: 'ticker' | 'orderBook' | 'trades' | 'candle' }
>;
