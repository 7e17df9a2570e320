import type { Candle, EpochMs, OrderBook, SeriesKey, Ticker, Trade } from '@barkeep/core';

/**
 * What the exchange's stream says. Messages may come twice, and candles may come late: after their
 * period has ended, or after a newer state of the same candle.
 */
export type ExchangeMessage =
  | { readonly type: 'ticker'; readonly ticker: Ticker }
  | { readonly type: 'orderBook'; readonly book: OrderBook }
  | { readonly type: 'trade'; readonly symbol: string; readonly trade: Trade }
  | {
      readonly type: 'candle';
      readonly key: SeriesKey;
      readonly candle: Candle;
      /** The instant of the last trade in it: of two states of one candle, the later one counts. */
      readonly asOf: EpochMs;
    };

/** A message and the instant it leaves the exchange. */
export interface TimedMessage {
  readonly at: EpochMs;
  readonly message: ExchangeMessage;
}
