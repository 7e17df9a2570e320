import {
  type Clock,
  type EpochMs,
  monotonicTime,
  type SeriesKey,
  seriesKeyText,
  type TradingCalendar,
} from '@barkeep/core';
import type { RealtimeExpiry } from '@barkeep/realtime';
import type { MarketEvent } from '@barkeep/source';

export interface LiveArrivalsOptions {
  readonly clock: Clock;
  /** How long values count after they came. */
  readonly expiry: RealtimeExpiry;
  /** Expiry counts trading time only; `undefined`: the markets always trade. */
  readonly calendar: TradingCalendar | undefined;
}

interface Arrival {
  /** Of the value: the latest, of trades the earliest that came. */
  readonly timestamp: EpochMs;
  readonly at: EpochMs;
  /** The same in monotonic time. */
  readonly steadyAt: number;
}

type Kind = 'ticker' | 'orderBook' | 'trades';

/** More symbols, or series, are not kept track of: those longest ago are forgotten. */
const MAX_ENTRIES = 10_000;
/** Candles of one series that are kept track of: the latest. */
const MAX_CANDLES = 16;

/**
 * What has come over the router's present connection, and when. What a router has in memory counts only
 * if it came over that connection, and not longer ago than values live in the realtime cache.
 */
export class LiveArrivals {
  readonly #options: LiveArrivalsOptions;
  readonly #arrivals = {
    ticker: new Map<string, Arrival>(),
    orderBook: new Map<string, Arrival>(),
    trades: new Map<string, Arrival>(),
  };
  /** The timestamps of candles, ascending, by the text of the series' key. */
  readonly #candles = new Map<string, EpochMs[]>();
  /** What is older came over another connection, unless it was heard coming. */
  #since: EpochMs = Number.POSITIVE_INFINITY;

  constructor(options: LiveArrivalsOptions) {
    this.#options = options;
  }

  /** Forgets everything: a connection begins at an instant, or there is none. */
  restart(since: EpochMs = Number.POSITIVE_INFINITY): void {
    for (const arrivals of Object.values(this.#arrivals)) arrivals.clear();
    this.#candles.clear();
    this.#since = since;
  }

  note(event: MarketEvent): void {
    if (event.type === 'candle') this.#noteCandle(event.live.key, event.live.candle.timestamp);
    else if (event.type === 'ticker') this.#note('ticker', event.ticker);
    else if (event.type === 'orderBook') this.#note('orderBook', event.book);
    else {
      const timestamp = event.trades.reduce(
        (earliest, trade) => Math.min(earliest, trade.timestamp),
        this.#arrivals.trades.get(event.symbol)?.timestamp ?? Number.POSITIVE_INFINITY,
      );
      this.#set('trades', event.symbol, timestamp);
    }
  }

  /** A stream has ended: the candles that came through it may change unnoticed. */
  forgetCandles(key: SeriesKey): void {
    this.#candles.delete(seriesKeyText(key));
  }

  /** Whether a ticker or order book counts. */
  counts(kind: 'ticker' | 'orderBook', symbol: string, timestamp: EpochMs): boolean {
    const arrival = this.#arrivals[kind].get(symbol);
    return arrival?.timestamp === timestamp
      ? this.#isYoung(kind, arrival)
      : this.#isYoungByItself(kind, timestamp);
  }

  /** Which of a symbol's trades count. */
  tradeCounts(symbol: string): (timestamp: EpochMs) => boolean {
    const arrival = this.#arrivals.trades.get(symbol);
    if (arrival === undefined) return (timestamp) => this.#isYoungByItself('trades', timestamp);
    const isYoung = this.#isYoung('trades', arrival);
    return (timestamp) => isYoung && timestamp >= arrival.timestamp;
  }

  /** Whether a state of the candle has come. */
  hasCandle(key: SeriesKey, timestamp: EpochMs): boolean {
    return this.#candles.get(seriesKeyText(key))?.includes(timestamp) === true;
  }

  #note(kind: Kind, { symbol, timestamp }: { symbol: string; timestamp: EpochMs }): void {
    const before = this.#arrivals[kind].get(symbol);
    if (before === undefined || before.timestamp <= timestamp) this.#set(kind, symbol, timestamp);
  }

  #set(kind: Kind, symbol: string, timestamp: EpochMs): void {
    const { clock } = this.#options;
    const arrival = { timestamp, at: clock.now(), steadyAt: monotonicTime(clock).now() };
    setBounded(this.#arrivals[kind], symbol, arrival);
  }

  #noteCandle(key: SeriesKey, timestamp: EpochMs): void {
    const text = seriesKeyText(key);
    const known = this.#candles.get(text) ?? [];
    if (known.at(-1) === timestamp || known.includes(timestamp)) return;
    known.push(timestamp);
    known.sort((a, b) => a - b);
    if (known.length > MAX_CANDLES) known.shift();
    setBounded(this.#candles, text, known);
  }

  #isYoung(kind: Kind, { at, steadyAt }: Arrival): boolean {
    return monotonicTime(this.#options.clock).now() - steadyAt < this.#lifeMs(kind, at);
  }

  /** A value that was there before anybody listened is at most as old as its timestamp. */
  #isYoungByItself(kind: Kind, timestamp: EpochMs): boolean {
    const ageMs = this.#options.clock.now() - timestamp;
    return timestamp >= this.#since && ageMs < this.#lifeMs(kind, timestamp);
  }

  #lifeMs(kind: Kind, from: EpochMs): number {
    const { expiry, calendar } = this.#options;
    const lifeMs =
      kind === 'ticker'
        ? expiry.tickerMs
        : kind === 'orderBook'
          ? expiry.orderBookMs
          : expiry.tradesMs;
    return calendar === undefined ? lifeMs : calendar.afterTrading(from, lifeMs) - from;
  }
}

/** The map with an entry set last; beyond the bound the one set longest ago goes. */
function setBounded<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_ENTRIES) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
