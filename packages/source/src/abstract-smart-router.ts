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
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** How many trades of a symbol are kept: the latest. Default: 1,000. */
  readonly maxTrades?: number | undefined;
  /** How many candles of a series are kept: the latest. Default: 100. */
  readonly maxCandles?: number | undefined;
  /** How many symbols, and how many series, are kept: those heard of last. Default: 1,000. */
  readonly maxSymbols?: number | undefined;
  /**
   * Values that lie further ahead of the clock are not kept, in milliseconds: they would pass for the
   * latest until then. Candles may lie one period further ahead. Default: 600,000.
   */
  readonly maxAheadMs?: number | undefined;
}

const NONE: readonly never[] = Object.freeze([]);

/**
 * What every router does the same: the memory, in which newer wins and everything has a bound, the
 * subscribers, the signs of life, and the bookkeeping of promises. A router over an exchange extends it
 * and reports what comes in (`tryTake`, `alive`), how the connection fares (`connected`, `lost`), and
 * what it promises. It begins as `connecting`.
 *
 * Sockets report things twice, late and in any order, so none of these calls throws for when it comes:
 * what does not fit the state of the connection is ignored, and times are moved to where they can be.
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
  /** By the text of the series' key. */
  readonly #promises = new Map<string, CandleStream>();
  #streams: readonly CandleStream[] | undefined = NONE;
  #connection: RouterConnection;
  /** When the present connection was made, or the last one. */
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
   * What came last over the connection: a message, or what `alive` was called for. `undefined` before the
   * first connection. A router with several sockets overrides it with the earliest of theirs: a promise
   * rests on each.
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
   * Ends the router: subscribers are told, with the last sign of life, and taken off. What is in memory
   * can still be read. Closing again does nothing, nor does anything that comes later.
   */
  close(): void {
    const { status, since } = this.#connection;
    if (status === 'closed') return;
    this.#become('closed', status === 'connected' ? this.#seenUntil() : since);
    this.#listeners.clear();
  }

  /**
   * Takes what came in, as a sign of life, too: it is kept, newer wins, and reported as it is, also when
   * it is repeated or late. It belongs to the router from now on, and is frozen. Unless connected it is
   * ignored.
   *
   * What breaks a rule is left out, and told as `refused`: of trades only the bad ones. Trades without an
   * id get one. A state of a candle that is left out is missed, so the promise of its series ends before
   * its period, and begins anew with the next one.
   * What lies too far ahead of the clock is reported, and not kept: it would pass for the latest.
   *
   * @returns The first error, `INVALID_INPUT` naming the field and the rule; `undefined` when all was taken.
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
   * As `tryTake`, for callers that want bad values thrown.
   * @throws BarkeepError `INVALID_INPUT` naming the field and the rule, after the rest was taken.
   */
  protected take(event: MarketEvent): void {
    const fault = this.tryTake(event);
    if (fault !== undefined) throw fault;
  }

  /** Tells subscribers an event as it is, unchecked, and keeps nothing of it. */
  protected tell(event: RouterEvent): void {
    this.#listeners.emit(event);
  }

  /**
   * The connection is alive: a pong came, or a message that is none of `tryTake`'s. Unless connected it
   * is ignored.
   *
   * @param at Up to when everything has surely come through; at most now. Default: now.
   */
  protected alive(at: EpochMs = this.clock.now()): void {
    if (this.#connection.status !== 'connected' || !Number.isFinite(at)) return;
    this.#lastSeen?.note(this.#withinConnection(at));
  }

  /**
   * The connection stands, from now on, and memory begins empty. When one stood already, it is lost
   * first. After `close` it is ignored.
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
   * The connection is lost, and with it every promise. When it is lost already, an earlier `lastSeen`
   * counts; before the first connection and after `close` it is ignored.
   *
   * @param lastSeen Up to when everything has surely come through, such as the last pong: counted as
   * within the connection and not after now. Default, also for what is no time: the router's `lastSeen`.
   */
  protected lost(lastSeen?: EpochMs): void {
    const { status, since } = this.#connection;
    const isKnown = lastSeen !== undefined && Number.isFinite(lastSeen);
    const until = isKnown ? this.#withinConnection(lastSeen) : this.#seenUntil();
    const isLost = status === 'reconnecting' && until < since;
    if (status === 'connected' || isLost) this.#become('reconnecting', until);
  }

  /**
   * Promises that every candle of a series from `since` on comes through; what was promised of the
   * series before is replaced. Unless connected it is ignored.
   *
   * @param since A period's start; counted from the period in which the connection was made when it lies
   * before: of earlier ones nothing is known. Default: the next period's.
   * @throws BarkeepError `INVALID_INPUT` when `since` is no period's start, or the key no series'.
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
   * Ends a promise. What was not promised is not reported.
   *
   * @param at Up to when it was kept: counted as within the connection and not after now. Default, also
   * for what is no time: the router's `lastSeen`.
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

  /** Returns what keeps some of it from being kept. */
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

  /** A candle of a period that ended long ago came again, and damaged: that changes nothing. */
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

/** Whether an event that was refused is of a series that is known. */
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
