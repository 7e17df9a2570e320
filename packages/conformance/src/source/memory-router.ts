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
import {
  type CandleStream,
  type ISmartRouter,
  type LiveCandle,
  type RouterConnection,
  type RouterEvent,
  type RouterStatus,
  validateCandleStream,
  validateRouterEvent,
} from '@barkeep/source';
import { frozenCopy } from './frozen-copy.ts';
import type { MarketEvent } from './market-event.ts';
import { RecentMap } from './recent-map.ts';

export interface MemoryRouterOptions {
  /** Default: `memory`. */
  readonly name?: string | undefined;
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** How many trades of a symbol are kept: the latest. Default: 1,000. */
  readonly maxTrades?: number | undefined;
  /** How many candles of a series are kept: the latest. Default: 100. */
  readonly maxCandles?: number | undefined;
  /** How many symbols, and how many series, are kept: those heard of last. Default: 1,000. */
  readonly maxSymbols?: number | undefined;
}

/**
 * A router without an exchange: a test says what comes in and how the connection fares. It begins as
 * `connecting`. Values are copied when they are sent, and everything it hands out is frozen.
 *
 * @example
 * const router = new MemoryRouter({ clock });
 * router.connect();
 * router.promise({ symbol: 'KRW-BTC', timeframe: '1m' });
 * router.send({ type: 'ticker', ticker });
 * router.drop({ lastSeen: clock.now() - 20_000 });
 */
export class MemoryRouter implements ISmartRouter {
  readonly name: string;
  readonly #clock: Clock;
  readonly #maxTrades: number;
  readonly #maxCandles: number;
  readonly #listeners = new ListenerSet<RouterEvent>();
  readonly #tickers: RecentMap<Ticker>;
  readonly #books: RecentMap<OrderBook>;
  readonly #trades: RecentMap<readonly Trade[]>;
  readonly #candles: RecentMap<readonly LiveCandle[]>;
  #connection: RouterConnection;
  #streams: readonly CandleStream[] = Object.freeze([]);
  /** What `connect` promises anew. */
  #promised: readonly SeriesKey[] = [];

  constructor(options: MemoryRouterOptions = {}) {
    const { name = 'memory', clock = systemClock, maxSymbols = 1_000 } = options;
    this.name = name;
    this.#clock = clock;
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
    return this.#trades.get(symbol) ?? Object.freeze([]);
  }

  getCandles(key: SeriesKey): readonly LiveCandle[] {
    return this.#candles.get(seriesKeyText(key)) ?? Object.freeze([]);
  }

  subscribe(listener: (event: RouterEvent) => void): Unsubscribe {
    return this.#listeners.add(listener);
  }

  /**
   * Something happens on the market: it is kept, newer wins, and told as it is, also when it is
   * repeated or comes late. Unless connected it is lost.
   *
   * @returns Whether it came through.
   * @throws BarkeepError `INVALID_INPUT` naming the field and the rule.
   */
  send(event: MarketEvent): boolean {
    validateRouterEvent(event);
    if (this.#connection.status !== 'connected') return false;
    const own = frozenCopy(event);
    this.#keep(own);
    this.#listeners.emit(own);
    return true;
  }

  /**
   * Tells subscribers an event as it is, unchecked, and keeps nothing of it: for tests of how a
   * service takes what a router must not say.
   */
  tell(event: RouterEvent): void {
    this.#listeners.emit(event);
  }

  /**
   * The connection stands, from now on. Series promised before are promised anew, from the next
   * period on, unless `streams` says what is promised instead.
   *
   * @throws TypeError when it is connected or closed.
   */
  connect(options: { readonly streams?: readonly CandleStream[] | undefined } = {}): void {
    const { status } = this.#connection;
    if (status === 'connected' || status === 'closed') throw new TypeError(`it is ${status}`);
    const streams = options.streams ?? this.#promised.map((key) => this.#fromNextPeriod(key));
    this.#become('connected', this.#clock.now());
    for (const { key, since } of streams) this.promise(key, since);
  }

  /**
   * Promises that every candle of a series from `since` on will be sent; what was promised of the
   * series before is replaced. To keep the promise is up to whoever sends.
   *
   * @param since A period's start, not before the period in which the connection was made. Default: the
   * next period's.
   * @throws BarkeepError `INVALID_INPUT` when `since` is no period's start.
   * @throws RangeError when it lies before the period in which the connection was made.
   * @throws TypeError unless connected.
   */
  promise(key: SeriesKey, since: EpochMs = this.#fromNextPeriod(key).since): void {
    const stream = frozenCopy<CandleStream>({ key, since });
    validateCandleStream(stream);
    const { status, since: connectedAt } = this.#connection;
    if (status !== 'connected') throw new TypeError(`it is ${status}, and promises nothing`);
    if (since < timeframeGrid(key.timeframe).floor(connectedAt)) {
      throw new RangeError('nothing is known of the periods before the connection was made');
    }
    this.#streams = Object.freeze([...this.#otherStreams(key), stream]);
    this.#promised = this.#streams.map((one) => one.key);
    this.#listeners.emit(Object.freeze({ type: 'stream', stream }));
  }

  /** Ends a promise, which was kept up to `at`, and is not made again by `connect`. Default: now. */
  endStream(key: SeriesKey, at: EpochMs = this.#clock.now()): void {
    this.#streams = Object.freeze(this.#otherStreams(key));
    this.#promised = this.#streams.map((one) => one.key);
    this.#listeners.emit(frozenCopy<RouterEvent>({ type: 'streamEnded', key, at }));
  }

  /**
   * The loss of the connection is noticed.
   *
   * @param lastSeen When something last came through. Default: now.
   * @throws RangeError when that is in the future or before the connection was made.
   * @throws TypeError unless connected.
   */
  drop({ lastSeen = this.#clock.now() }: { readonly lastSeen?: EpochMs | undefined } = {}): void {
    const { status, since } = this.#connection;
    if (status !== 'connected') throw new TypeError(`it is ${status}, and has nothing to lose`);
    requiredTimestamp(lastSeen, 'lastSeen');
    if (lastSeen < since || lastSeen > this.#clock.now()) {
      throw new RangeError(`lastSeen must lie between ${since} and now, ${this.#clock.now()}`);
    }
    this.#become('reconnecting', lastSeen);
  }

  /** Nothing comes any more; what was kept can still be read. Closing again does nothing. */
  close(): void {
    const { status, since } = this.#connection;
    if (status === 'closed') return;
    this.#become('closed', status === 'connected' ? this.#clock.now() : since);
    this.#listeners.clear();
  }

  #become(status: RouterStatus, since: EpochMs): void {
    this.#connection = Object.freeze({ status, since });
    this.#streams = Object.freeze([]);
    this.#listeners.emit(Object.freeze({ type: 'connection', connection: this.#connection }));
  }

  #keep(event: MarketEvent): void {
    if (event.type === 'ticker') keepNewer(this.#tickers, event.ticker);
    else if (event.type === 'orderBook') keepNewer(this.#books, event.book);
    else if (event.type === 'trades') this.#keepTrades(event.symbol, event.trades);
    else this.#keepCandle(event.live);
  }

  #keepTrades(symbol: string, trades: readonly Trade[]): void {
    const byId = new Map(this.getTrades(symbol).map((trade) => [trade.id, trade]));
    for (const trade of trades) if (!byId.has(trade.id)) byId.set(trade.id, trade);
    const sorted = [...byId.values()].sort((a, b) => a.timestamp - b.timestamp);
    this.#trades.set(symbol, Object.freeze(latest(sorted, this.#maxTrades)));
  }

  #keepCandle(live: LiveCandle): void {
    const states = this.getCandles(live.key);
    const { timestamp } = live.candle;
    const before = states.find(({ candle }) => candle.timestamp === timestamp);
    if (before !== undefined && before.asOf > live.asOf) return;
    const sorted = [...states.filter((one) => one !== before), live].sort(
      (a, b) => a.candle.timestamp - b.candle.timestamp,
    );
    this.#candles.set(seriesKeyText(live.key), Object.freeze(latest(sorted, this.#maxCandles)));
  }

  #otherStreams(key: SeriesKey): CandleStream[] {
    return this.#streams.filter((one) => seriesKeyText(one.key) !== seriesKeyText(key));
  }

  #fromNextPeriod(key: SeriesKey): CandleStream {
    return { key, since: timeframeGrid(key.timeframe).ceil(this.#clock.now()) };
  }
}

function keepNewer<Value extends Ticker | OrderBook>(kept: RecentMap<Value>, value: Value): void {
  const before = kept.get(value.symbol);
  if (before === undefined || before.timestamp <= value.timestamp) kept.set(value.symbol, value);
}

function latest<Value>(list: readonly Value[], count: number): Value[] {
  return list.slice(Math.max(0, list.length - count));
}
