import type { EpochMs, OrderBook, SeriesKey, Ticker, TradeInput, Unsubscribe } from '@barkeep/core';
import type { CandleStream, LiveCandle, RouterConnection, RouterEvent } from './router-event.ts';

/**
 * The port to whatever holds the connections to an exchange: a WebSocket, with REST as fail-over, and
 * the freshest values in memory. Implement it over an exchange's client: `AbstractSmartRouter` has the
 * memory, the subscribers and the bookkeeping, and `@barkeep/conformance/source` tests the result.
 *
 * Reading is synchronous and costs no more than a look into memory. What is not in memory is
 * `undefined` or an empty list; nothing is fetched. What is returned does not change afterwards. Values
 * are those that came over the present connection: a new one begins with an empty memory.
 *
 * A service given a router reads from it what its own memory lacks, and records its events: realtime
 * values in the realtime cache, candles in the storage. A period that a candle stream has promised is
 * covered once a sign of life (`lastSeen`) comes after its end. After an outage the service asks the
 * coordinator for what was missed. It neither opens nor closes the router.
 */
export interface ISmartRouter {
  /** What statistics and messages call it, such as `upbit`. Kept as the source of coverage. */
  readonly name: string;

  readonly connection: RouterConnection;

  /**
   * The last sign of life, by the router's clock: the last instant at which something (a message, a pong)
   * came over every connection that a promise rests on. Up to it everything has surely come through.
   * Never ahead of the clock, never before `connection.since`; it stands still while nothing comes.
   *
   * Where it is `undefined` or absent, a service takes the arrival of the router's last ticker, order
   * book, trades or candle. A market without any then stays uncovered until the next one comes.
   */
  readonly lastSeen?: EpochMs | undefined;

  /** The promises that hold now: none unless `connection.status` is `connected`. */
  readonly streams: readonly CandleStream[];

  getTicker(symbol: string): Ticker | undefined;
  getOrderBook(symbol: string): OrderBook | undefined;
  /**
   * The recent ones, ascending by timestamp, each id once. Trades without an id get the ones that
   * `identifyTrades` makes of the list.
   */
  getTrades(symbol: string): readonly TradeInput[];
  /**
   * The latest states of the candles in the making and of those that ended shortly before, ascending by
   * timestamp, each timestamp once.
   */
  getCandles(key: SeriesKey): readonly LiveCandle[];

  /**
   * Calls the listener for every event after the call; what holds already is in `connection` and
   * `streams`. Events of one series, of one symbol and of the connection come in the order in which
   * they hold: a `connection` that is not `connected` before whatever the next connection brings.
   * What a listener hears of can be read at once: memory, `connection` and `streams` are up to date.
   * A listener that throws does not keep others from hearing.
   */
  subscribe(listener: (event: RouterEvent) => void): Unsubscribe;
}
