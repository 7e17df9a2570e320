import {
  type Clock,
  type EpochMs,
  ListenerSet,
  type OrderBook,
  requiredTimestamp,
  type SeriesKey,
  seriesKeyText,
  systemClock,
  type Ticker,
  type Trade,
  timeframeGrid,
  type Unsubscribe,
} from '@barkeep/core';
import { freezeDeeply } from './freeze-deeply.ts';
import { RecentMap } from './recent-map.ts';
import { RecentTrades } from './recent-trades.ts';
import type {
  CandleStream,
  LiveCandle,
  MarketEvent,
  RouterConnection,
  RouterEvent,
  RouterStatus,
} from './router-event.ts';
import type { ISmartRouter } from './smart-router.ts';
import { validateCandleStream, validateRouterEvent } from './validate-router-event.ts';

export interface SmartRouterOptions {
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** How many trades of a symbol are kept: the latest. Default: 1,000. */
  readonly maxTrades?: number | undefined;
  /** How many candles of a series are kept: the latest. Default: 100. */
  readonly maxCandles?: number | undefined;
  /** How many symbols, and how many series, are kept: those heard of last. Default: 1,000. */
  readonly maxSymbols?: number | undefined;
}

const NONE: readonly never[] = Object.freeze([]);

/**
 * What every router does the same: the memory, in which newer wins and everything has a bound, the
 * subscribers, and the bookkeeping of promises. A router over an exchange extends it and says what comes
 * in (`take`), how the connection fares, and what it promises. It begins as `connecting`.
 */
export abstract class AbstractSmartRouter implements ISmartRouter {
  readonly name: string;
  protected readonly clock: Clock;
  readonly #maxTrades: number;
  readonly #maxCandles: number;
  readonly #listeners = new ListenerSet<RouterEvent>();
  readonly #tickers: RecentMap<Ticker>;
  readonly #books: RecentMap<OrderBook>;
  readonly #trades: RecentMap<RecentTrades>;
  readonly #candles: RecentMap<readonly LiveCandle[]>;
  #connection: RouterConnection;
  #streams: readonly CandleStream[] = NONE;

  constructor(name: string, options: SmartRouterOptions = {}) {
    const { clock = systemClock, maxSymbols = 1_000 } = options;
    this.name = name;
    this.clock = clock;
    this.#maxTrades = options.maxTrades ?? 1_000;
    this.#maxCandles = options.maxCandles ?? 100;
    this.#tickers = new RecentMap(maxSymbols);
    this.#books = new RecentMap(maxSymbols);
    this.#trades = new RecentMap(maxSymbols);
    this.#candles = new RecentMap(maxSymbols);
    this.#connection = Object.freeze({ status: 'connecting', since: clock.now() });
  }

  get connection(): RouterConnection {
    return this.#connection;
  }

  get streams(): readonly CandleStream[] {
    return this.#streams;
  }

  getTicker(symbol: string): Ticker | undefined {
    return this.#tickers.get(symbol);
  }

  getOrderBook(symbol: string): OrderBook | undefined {
    return this.#books.get(symbol);
  }

  getTrades(symbol: string): readonly Trade[] {
    return this.#trades.get(symbol)?.list ?? NONE;
  }

  getCandles(key: SeriesKey): readonly LiveCandle[] {
    return this.#candles.get(seriesKeyText(key)) ?? NONE;
  }

  subscribe(listener: (event: RouterEvent) => void): Unsubscribe {
    return this.#listeners.add(listener);
  }

  /**
   * Nothing comes any more: subscribers are told and taken off. What is in memory can still be read.
   * Closing again does nothing.
   */
  close(): void {
    const { status, since } = this.#connection;
    if (status === 'closed') return;
    this.#become('closed', status === 'connected' ? this.clock.now() : since);
    this.#listeners.clear();
  }

  /**
   * Something came in: it is kept, newer wins, and told as it is, also when it is repeated or late. It
   * belongs to the router from now on, and is frozen. A candle that is refused is missed: end the
   * promise of its series.
   *
   * @throws BarkeepError `INVALID_INPUT` naming the field and the rule; nothing is kept or told then.
   */
  protected take(event: MarketEvent): void {
    validateRouterEvent(event);
    freezeDeeply(event);
    this.#keep(event);
    this.#listeners.emit(event);
  }

  /** Tells subscribers an event as it is, unchecked, and keeps nothing of it. */
  protected tell(event: RouterEvent): void {
    this.#listeners.emit(event);
  }

  /**
   * The connection stands, from now on.
   * @throws TypeError when it is connected or closed.
   */
  protected connected(): void {
    const { status } = this.#connection;
    if (status === 'connected' || status === 'closed') throw new TypeError(`it is ${status}`);
    this.#become('connected', this.clock.now());
  }

  /**
   * The connection is lost, and with it every promise.
   *
   * @param lastSeen Up to when everything has surely come through.
   * @throws RangeError when that is in the future or before the connection was made.
   * @throws TypeError unless connected.
   */
  protected lost(lastSeen: EpochMs): void {
    const { status, since } = this.#connection;
    if (status !== 'connected') throw new TypeError(`it is ${status}, and has nothing to lose`);
    requiredTimestamp(lastSeen, 'lastSeen');
    if (lastSeen < since || lastSeen > this.clock.now()) {
      throw new RangeError(`lastSeen must lie between ${since} and now, ${this.clock.now()}`);
    }
    this.#become('reconnecting', lastSeen);
  }

  /**
   * Promises that every candle of a series from `since` on comes through; what was promised of the
   * series before is replaced.
   *
   * @param since A period's start, not before the period in which the connection was made: of earlier
   * ones nothing is known. Default: the next period's.
   * @throws BarkeepError `INVALID_INPUT` when `since` is no period's start.
   * @throws RangeError when it lies before the period in which the connection was made.
   * @throws TypeError unless connected.
   */
  protected promise(key: SeriesKey, since: EpochMs = nextPeriod(key, this.clock.now())): void {
    const { symbol, timeframe } = key;
    const stream: CandleStream = freezeDeeply({ key: { symbol, timeframe }, since });
    validateCandleStream(stream);
    const { status, since: connectedAt } = this.#connection;
    if (status !== 'connected') throw new TypeError(`it is ${status}, and promises nothing`);
    if (since < timeframeGrid(timeframe).floor(connectedAt)) {
      throw new RangeError('nothing is known of the periods before the connection was made');
    }
    this.#streams = Object.freeze([...this.#otherStreams(key), stream]);
    this.#listeners.emit(Object.freeze({ type: 'stream', stream }));
  }

  /** Ends a promise, which was kept up to `at`. Default: now. What was not promised is not told. */
  protected endStream(key: SeriesKey, at: EpochMs = this.clock.now()): void {
    const others = this.#otherStreams(key);
    if (others.length === this.#streams.length) return;
    const { symbol, timeframe } = key;
    this.#streams = Object.freeze(others);
    this.#listeners.emit(freezeDeeply({ type: 'streamEnded', key: { symbol, timeframe }, at }));
  }

  #become(status: RouterStatus, since: EpochMs): void {
    this.#connection = Object.freeze({ status, since });
    this.#streams = NONE;
    this.#listeners.emit(Object.freeze({ type: 'connection', connection: this.#connection }));
  }

  #keep(event: MarketEvent): void {
    if (event.type === 'ticker') keepNewer(this.#tickers, event.ticker);
    else if (event.type === 'orderBook') keepNewer(this.#books, event.book);
    else if (event.type === 'trades') this.#keepTrades(event.symbol, event.trades);
    else this.#keepCandle(event.live);
  }

  #keepTrades(symbol: string, trades: readonly Trade[]): void {
    const recent = this.#trades.get(symbol) ?? new RecentTrades(this.#maxTrades);
    for (const trade of trades) recent.add(trade);
    this.#trades.set(symbol, recent);
  }

  #keepCandle(live: LiveCandle): void {
    const states = this.getCandles(live.key);
    const { timestamp } = live.candle;
    const before = states.find(({ candle }) => candle.timestamp === timestamp);
    if (before !== undefined && before.asOf > live.asOf) return;
    const sorted = [...states.filter((one) => one !== before), live].sort(
      (a, b) => a.candle.timestamp - b.candle.timestamp,
    );
    const latest = sorted.slice(Math.max(0, sorted.length - this.#maxCandles));
    this.#candles.set(seriesKeyText(live.key), Object.freeze(latest));
  }

  #otherStreams(key: SeriesKey): CandleStream[] {
    return this.#streams.filter((one) => seriesKeyText(one.key) !== seriesKeyText(key));
  }
}

function nextPeriod({ timeframe }: SeriesKey, now: EpochMs): EpochMs {
  return timeframeGrid(timeframe).ceil(now);
}

function keepNewer<Value extends Ticker | OrderBook>(kept: RecentMap<Value>, value: Value): void {
  const before = kept.get(value.symbol);
  if (before === undefined || before.timestamp <= value.timestamp) kept.set(value.symbol, value);
}
