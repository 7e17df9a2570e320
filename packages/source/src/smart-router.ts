import type { EpochMs, OrderBook, SeriesKey, Ticker, TradeInput, Unsubscribe } from '@barkeep/core';
import type { CandleStream, LiveCandle, RouterConnection, RouterEvent } from './router-event.ts';

/**
 * Live data of an exchange: holds the connection (a WebSocket, with REST as a fallback) and keeps
 * the latest values in memory. To implement it, extend `AbstractSmartRouter`, which keeps the
 * memory, the subscribers and the streams; `@barkeep/conformance/source` tests the result.
 *
 * Reads are synchronous and only access memory. They return `undefined` or an empty list for what
 * is not there and never fetch. Returned values do not change afterwards. All values come from the
 * current connection: a new one starts with an empty memory.
 *
 * A service with a router reads from it what its own caches lack, and records its events: tickers,
 * order books and trades in the realtime cache, candles in the storage. A period of a candle stream
 * is covered once a sign of life (`lastSeen`) arrives after its end. After an outage, the service
 * backfills the gap from the coordinator. It neither opens nor closes the router.
 *
 * @example
 * const unsubscribe = router.subscribe((event) => {
 *   if (event.type === 'ticker') console.log(event.ticker.symbol, event.ticker.price);
 * });
 * const latest = router.getTicker('KRW-BTC'); // from memory
 */
export interface ISmartRouter {
  /**
   * The name used in statistics and messages, such as `upbit`. Stored as the source of coverage.
   */
  readonly name: string;

  readonly connection: RouterConnection;

  /**
   * When something (a message, a pong) last arrived on every connection that a stream depends on,
   * by the router's clock. Everything up to then has certainly arrived. Never ahead of the clock or
   * before `connection.since`; unchanged while nothing arrives.
   *
   * If `undefined` or absent, the service uses the arrival of the last ticker, order book, trades
   * or candle. A quiet market then stays uncovered until the next one arrives.
   */
  readonly lastSeen?: EpochMs | undefined;

  /** The current candle streams. Empty unless `connection.status` is `connected`. */
  readonly streams: readonly CandleStream[];

  /** The latest ticker. */
  getTicker(symbol: string): Ticker | undefined;
  /** The latest order book. */
  getOrderBook(symbol: string): OrderBook | undefined;
  /**
   * Recent trades in ascending order, deduplicated by id. Trades without an id get the ones that
   * `identifyTrades` derives from the list.
   */
  getTrades(symbol: string): readonly TradeInput[];
  /**
   * The latest states of the candles in progress and of those that closed recently, in ascending
   * order, one per timestamp.
   */
  getCandles(key: SeriesKey): readonly LiveCandle[];

  /**
   * Calls the listener for every event from now on; the current state is in `connection` and
   * `streams`. Events of one series, of one symbol and of the connection arrive in order: a
   * `connection` event that is not `connected` comes before anything from the next connection. When
   * the listener is called, memory, `connection` and `streams` are already up to date. A listener
   * that throws does not affect others.
   */
  subscribe(listener: (event: RouterEvent) => void): Unsubscribe;
}
