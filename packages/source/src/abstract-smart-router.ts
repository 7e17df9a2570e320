import {
  type BarkeepError,
  type Clock,
  type EpochMs,
  epochMsFault,
  isTimeframe,
  ListenerSet,
  MAX_EPOCH_MS,
  type OrderBook,
  type SeriesKey,
  seriesKeyText,
  systemClock,
  type Ticker,
  type Trade,
  timeframeGrid,
  type Unsubscribe,
  validateSeriesKey,
} from '@barkeep/core';
import { freezeDeeply } from './freeze-deeply.ts';
import { LastSeen } from './last-seen.ts';
import { RecentCandles } from './recent-candles.ts';
import { RecentMap } from './recent-map.ts';
import { RecentTrades } from './recent-trades.ts';
import type {
  CandleStream,
  IdentifiedEvent,
  LiveCandle,
  MarketEvent,
  RouterConnection,
  RouterEvent,
  RouterStatus,
} from './router-event.ts';
import { siftRouterEvent } from './sift-router-event.ts';
import type { ISmartRouter } from './smart-router.ts';
import { validateCandleStream } from './validate-router-event.ts';

export interface SmartRouterOptions {
  /** Source of time. Default: the system clock. */
  readonly clock?: Clock | undefined;
  /** Trades kept per symbol; older ones are dropped. Default: 1,000. */
  readonly maxTrades?: number | undefined;
  /** Candles kept per series; older ones are dropped. Default: 100. */
  readonly maxCandles?: number | undefined;
  /**
   * Symbols kept, and series kept. Beyond it, the least recently updated one is dropped. Default:
   * 1,000.
   */
  readonly maxSymbols?: number | undefined;
  /**
   * How far ahead of the clock a value may be and still be kept, in milliseconds. Values further
   * ahead would count as the latest until that time comes. Candles may be one period further ahead.
   * Default: 600,000.
   */
  readonly maxAheadMs?: number | undefined;
}

const NONE: readonly never[] = Object.freeze([]);

/**
 * Base class of routers. It keeps the latest values in bounded memory, where newer ones win, and
 * manages subscribers, `lastSeen` and the declared streams. Extend it for your exchange: report
 * messages (`tryTake`, `alive`), the state of the connection (`connected`, `lost`), and the series
 * you receive in full (`promise`). The initial status is `connecting`.
 *
 * Sockets report events twice, late and in any order, so no call fails because of its timing: calls
 * that do not fit the state of the connection are ignored, and times are clamped to the valid
 * range.
 *
 * @example
 * class MyRouter extends AbstractSmartRouter {
 *   constructor(socket: MySocket) {
 *     super('my-exchange');
 *     socket.on('open', () => this.connected());
 *     socket.on('message', (message) => this.tryTake(toEvent(message)));
 *     socket.on('close', () => this.lost());
 *   }
 * }
 */
export abstract class AbstractSmartRouter implements ISmartRouter {
  readonly name: string;
  protected readonly clock: Clock;
  readonly #maxTrades: number;
  readonly #maxCandles: number;
  readonly #maxAheadMs: number;
  readonly #listeners = new ListenerSet<RouterEvent>();
  readonly #tickers: RecentMap<Ticker>;
  readonly #books: RecentMap<OrderBook>;
  readonly #trades: RecentMap<RecentTrades>;
  readonly #candles: RecentMap<RecentCandles>;
  /** By series key text. */
  readonly #promises = new Map<string, CandleStream>();
  #streams: readonly CandleStream[] | undefined = NONE;
  #connection: RouterConnection;
  /** When the current or last connection was established. */
  #connectedAt: LastSeen;
  #lastSeen: LastSeen | undefined;

  constructor(name: string, options: SmartRouterOptions = {}) {
    const { clock = systemClock, maxSymbols = 1_000 } = options;
    this.name = name;
    this.clock = clock;
    this.#maxTrades = options.maxTrades ?? 1_000;
    this.#maxCandles = options.maxCandles ?? 100;
    this.#maxAheadMs = options.maxAheadMs ?? 600_000;
    this.#tickers = new RecentMap(maxSymbols);
    this.#books = new RecentMap(maxSymbols);
    this.#trades = new RecentMap(maxSymbols);
    this.#candles = new RecentMap(maxSymbols);
    this.#connectedAt = new LastSeen(clock);
    this.#connection = Object.freeze({ status: 'connecting', since: this.#connectedAt.at });
  }

  get connection(): RouterConnection {
    return this.#connection;
  }

  get streams(): readonly CandleStream[] {
    this.#streams ??= Object.freeze([...this.#promises.values()]);
    return this.#streams;
  }

  /**
   * When the last message arrived, or `alive` was last called. `undefined` before the first
   * connection. A router with several sockets should override it with the earliest time of its
   * sockets, since a stream depends on all of them.
   */
  get lastSeen(): EpochMs | undefined {
    const { status, since } = this.#connection;
    return status === 'connected' || this.#lastSeen === undefined ? this.#lastSeen?.at : since;
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
    return this.#candles.get(seriesKeyText(key))?.list ?? NONE;
  }

  subscribe(listener: (event: RouterEvent) => void): Unsubscribe {
    return this.#listeners.add(listener);
  }

  /**
   * Closes the router. Subscribers receive a `connection` event with the time of the last message
   * and are removed. Values in memory can still be read. Further calls have no effect.
   */
  close(): void {
    const { status, since } = this.#connection;
    if (status === 'closed') return;
    this.#become('closed', status === 'connected' ? this.#seenUntil() : since);
    this.#listeners.clear();
  }

  /**
   * Handles a message: stores its values in memory (newer wins), emits it to subscribers even if
   * repeated or late, and counts it as a sign of life. Ignored unless connected. The event is
   * frozen and belongs to the router from now on.
   *
   * Invalid values are dropped and emitted as `refused`; of a list of trades, only the invalid
   * ones. Trades without an id get one. If a candle is dropped, its state was missed: the stream of
   * its series ends before that period and starts again with the next one. Values too far ahead of
   * the clock are emitted but not kept, as they would count as the latest.
   *
   * @returns The first error, `INVALID_INPUT` naming the field and the rule; `undefined` if there
   * was none.
   */
  protected tryTake(event: MarketEvent): BarkeepError | undefined {
    if (this.#connection.status !== 'connected') return undefined;
    const now = this.clock.now();
    this.alive(now);
    const sifted = siftRouterEvent(event, { now, maxAheadMs: MAX_EPOCH_MS });
    const ahead = sifted.event && this.#takeRight(sifted.event, sifted.aheadMs, now);
    if (sifted.event === undefined && isCandle(event)) this.#missCandle(event.live, now);
    for (const error of sifted.faults) {
      this.#listeners.emit(Object.freeze({ type: 'refused', error }));
    }
    return sifted.faults[0] ?? ahead;
  }

  /**
   * Like `tryTake`, but throws the error.
   * @throws BarkeepError `INVALID_INPUT` naming the field and the rule, after valid values were
   * handled.
   */
  protected take(event: MarketEvent): void {
    const fault = this.tryTake(event);
    if (fault !== undefined) throw fault;
  }

  /** Emits an event to subscribers as is, without validating or storing it. */
  protected tell(event: RouterEvent): void {
    this.#listeners.emit(event);
  }

  /**
   * Reports a sign of life other than a message passed to `tryTake`, such as a pong. Ignored unless
   * connected.
   *
   * @param at The time up to which everything has certainly arrived; at most now. Default: now.
   */
  protected alive(at: EpochMs = this.clock.now()): void {
    if (this.#connection.status !== 'connected' || !Number.isFinite(at)) return;
    this.#lastSeen?.note(this.#withinConnection(at));
  }

  /**
   * Reports a new connection. Clears the memory. If already connected, the old connection counts as
   * lost first. Ignored after `close`.
   */
  protected connected(): void {
    const { status } = this.#connection;
    if (status === 'closed') return;
    if (status === 'connected') this.lost();
    for (const memory of [this.#tickers, this.#books, this.#trades, this.#candles]) memory.clear();
    this.#connectedAt = new LastSeen(this.clock);
    this.#lastSeen = new LastSeen(this.clock);
    this.#become('connected', this.#connectedAt.at);
  }

  /**
   * Reports a lost connection. Ends all streams. If it is already lost, an earlier `lastSeen`
   * replaces the previous one. Ignored before the first connection and after `close`.
   *
   * @param lastSeen The time up to which everything has certainly arrived, such as the last pong.
   * Clamped to the time between the start of the connection and now. Default, also if it is not a
   * number: the router's `lastSeen`.
   */
  protected lost(lastSeen?: EpochMs): void {
    const { status, since } = this.#connection;
    const isKnown = lastSeen !== undefined && Number.isFinite(lastSeen);
    const until = isKnown ? this.#withinConnection(lastSeen) : this.#seenUntil();
    const isLost = status === 'reconnecting' && until < since;
    if (status === 'connected' || isLost) this.#become('reconnecting', until);
  }

  /**
   * Declares a stream: every candle of a series from `since` on will arrive. Replaces an earlier
   * declaration for the series. Ignored unless connected.
   *
   * @param since Start of a period. Moved forward to the period in which the connection was
   * established, as nothing is known about earlier ones. Default: the next period.
   * @throws BarkeepError `INVALID_INPUT` if `since` is not the start of a period or the key is
   * invalid.
   */
  protected promise(key: SeriesKey, since?: EpochMs): void {
    validateSeriesKey(key);
    const { symbol, timeframe } = key;
    const grid = timeframeGrid(timeframe);
    const from = since ?? grid.ceil(this.clock.now());
    validateCandleStream({ key, since: from });
    if (this.#connection.status !== 'connected') return;
    const stream: CandleStream = freezeDeeply({
      key: { symbol, timeframe },
      since: Math.max(from, grid.floor(this.#connectedAt.at)),
    });
    this.#promises.set(seriesKeyText(key), stream);
    this.#streams = undefined;
    this.#listeners.emit(Object.freeze({ type: 'stream', stream }));
  }

  /**
   * Ends a stream. Emits nothing if there is none for this series.
   *
   * @param at The time up to which the stream was complete. Clamped to the time between the start
   * of the connection and now. Default, also if it is not a number: the router's `lastSeen`.
   */
  protected endStream(key: SeriesKey, at?: EpochMs): void {
    if (!this.#promises.delete(seriesKeyText(key))) return;
    const { symbol, timeframe } = key;
    this.#streams = undefined;
    const isKnown = at !== undefined && Number.isFinite(at);
    const until = isKnown ? this.#withinConnection(at) : this.#seenUntil();
    this.#listeners.emit(
      freezeDeeply({ type: 'streamEnded', key: { symbol, timeframe }, at: until }),
    );
  }

  #become(status: RouterStatus, since: EpochMs): void {
    this.#connection = Object.freeze({ status, since });
    this.#promises.clear();
    this.#streams = NONE;
    this.#listeners.emit(Object.freeze({ type: 'connection', connection: this.#connection }));
  }

  #withinConnection(at: EpochMs): EpochMs {
    return Math.min(Math.max(Math.floor(at), this.#connectedAt.at), this.clock.now());
  }

  #seenUntil(): EpochMs {
    return this.#withinConnection(this.lastSeen ?? this.#connectedAt.at);
  }

  /** Returns the error if a value was not kept. */
  #takeRight(event: IdentifiedEvent, aheadMs: number, now: EpochMs): BarkeepError | undefined {
    freezeDeeply(event);
    const maxAheadMs = this.#maxAheadMs;
    const kept = aheadMs <= maxAheadMs ? undefined : siftRouterEvent(event, { now, maxAheadMs });
    const believed = kept === undefined ? event : kept.event;
    if (believed !== undefined) this.#keep(believed);
    this.#listeners.emit(event);
    return kept?.faults[0];
  }

  #keep(event: IdentifiedEvent): void {
    if (event.type === 'ticker') keepNewer(this.#tickers, event.ticker);
    else if (event.type === 'orderBook') keepNewer(this.#books, event.book);
    else if (event.type === 'trades') {
      const recent = this.#trades.get(event.symbol) ?? new RecentTrades(this.#maxTrades);
      recent.add(event.trades);
      this.#trades.set(event.symbol, recent);
    } else if (event.type === 'candle') {
      const text = seriesKeyText(event.live.key);
      const recent = this.#candles.get(text) ?? new RecentCandles(this.#maxCandles);
      recent.add(event.live);
      this.#candles.set(text, recent);
    }
  }

  /** An invalid repetition of a candle that closed long ago changes nothing. */
  #missCandle({ key, candle }: LiveCandle, now: EpochMs): void {
    const { timeframe } = key;
    if (!this.#promises.has(seriesKeyText(key))) return;
    const grid = timeframeGrid(timeframe);
    const previous = grid.shift(now, -1);
    const from = epochMsFault(candle?.timestamp) === undefined ? candle.timestamp : previous;
    if (from < previous) return;
    this.endStream(key, Math.min(from, this.#seenUntil()));
    this.promise(key);
  }
}

/** Whether a refused event is a candle with a valid series key. */
function isCandle(event: MarketEvent): event is MarketEvent & { readonly type: 'candle' } {
  const live: unknown = event?.type === 'candle' ? event.live : undefined;
  if (typeof live !== 'object' || live === null || !('key' in live)) return false;
  const { key } = live;
  if (typeof key !== 'object' || key === null || !('symbol' in key)) return false;
  return typeof key.symbol === 'string' && 'timeframe' in key && isTimeframe(key.timeframe);
}

function keepNewer<Value extends Ticker | OrderBook>(kept: RecentMap<Value>, value: Value): void {
  const before = kept.get(value.symbol);
  if (before === undefined || before.timestamp <= value.timestamp) kept.set(value.symbol, value);
}
