import {
  BarkeepError,
  type Candle,
  type Clock,
  type EpochMs,
  invalidInput,
  nextTurn,
  type SeriesKey,
  systemClock,
  type Ticker,
  type Timeframe,
  type Trade,
  timeframeGrid,
} from '@barkeep/core';
import { ExchangeStream } from './exchange-stream.ts';
import { KRW_MARKETS, type MarketProfile } from './market-profile.ts';
import { seedOf } from './seeded-random.ts';
import { SimulatedMarket } from './simulated-market.ts';
import { simulatedOrderBook } from './simulated-order-book.ts';

/** As many candles as Upbit puts in one answer. */
export const MAX_PAGE = 200;
const DAY_MS = 86_400_000;
/** Making up history takes a while: others get their turn in between. */
const SLICE_MS = 5;

export interface SimulatedExchangeOptions {
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** Another seed is another history. Default: 1. */
  readonly seed?: number | undefined;
  /** Default: `KRW_MARKETS`. */
  readonly markets?: readonly MarketProfile[] | undefined;
  /** Calls a second that are answered; more are refused. Upbit allows 10. Default: 4,000. */
  readonly callsPerSecond?: number | undefined;
  /** The first instant of trading. Default: 2020-01-01. */
  readonly listedAt?: EpochMs | undefined;
}

export interface CandlePageRequest extends SeriesKey {
  /** The first instant no longer wanted. Default: now. */
  readonly to?: EpochMs | undefined;
  /** 1 to 200. Default: 200. */
  readonly count?: number | undefined;
}

/**
 * An exchange that behaves like Upbit's and needs no network. Its history is a pure function of
 * seed and time: whoever asks, whenever and in whatever order, gets the same trades.
 */
export class SimulatedExchange {
  readonly clock: Clock;
  readonly callsPerSecond: number;
  readonly listedAt: EpochMs;
  readonly #seed: number;
  readonly #markets: ReadonlyMap<string, SimulatedMarket>;
  #window = { second: Number.NaN, calls: 0 };
  #calls = 0;
  readonly #streams = new Set<ExchangeStream>();
  #isInterrupted = false;

  constructor(options: SimulatedExchangeOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.callsPerSecond = options.callsPerSecond ?? 4_000;
    this.listedAt = options.listedAt ?? Date.UTC(2020, 0, 1);
    const seed = options.seed ?? 1;
    this.#seed = seed;
    this.#markets = new Map(
      (options.markets ?? KRW_MARKETS).map((profile) => [
        profile.symbol,
        new SimulatedMarket(profile, seed, this.listedAt),
      ]),
    );
  }

  get symbols(): string[] {
    return [...this.#markets.keys()];
  }

  /** How many calls were answered. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * Opens a stream of messages; nothing comes before something is watched.
   *
   * @throws BarkeepError `UNAVAILABLE` (retryable) while streams are interrupted.
   */
  stream(): ExchangeStream {
    if (this.#isInterrupted) {
      throw new BarkeepError('UNAVAILABLE', 'the exchange cannot be reached');
    }
    const stream = new ExchangeStream(this);
    this.#streams.add(stream);
    return stream;
  }

  /** An outage: open streams fall silent for good, and no new one can be opened. Pages are answered. */
  interruptStreams(): void {
    this.#isInterrupted = true;
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
  }

  /** The outage is over: streams can be opened again. */
  resumeStreams(): void {
    this.#isInterrupted = false;
  }

  /**
   * The last candles before `to`, newest first, at most 200: periods without a trade have none, and
   * the newest may be partial.
   *
   * @throws BarkeepError `OVERLOADED` (retryable) when there were too many calls this second.
   */
  async candlePage(request: CandlePageRequest): Promise<Candle[]> {
    const count = request.count ?? MAX_PAGE;
    if (!Number.isInteger(count) || count < 1 || count > MAX_PAGE) {
      throw invalidInput({ field: 'count', rule: `must be 1 to ${MAX_PAGE}`, value: count });
    }
    this.#admitCall();
    const grid = timeframeGrid(request.timeframe);
    const now = this.clock.now();
    const page: Candle[] = [];
    const oldest = grid.floor(this.listedAt);
    let start = grid.floor(Math.min(request.to ?? now, now) - 1);
    let sliceEnd = performance.now() + SLICE_MS;
    for (; start >= oldest && page.length < count; start = grid.shift(start, -1)) {
      const candle = this.#market(request.symbol).candle(start, Math.min(grid.shift(start), now));
      if (candle !== undefined) page.push(candle);
      if (performance.now() < sliceEnd) continue;
      await nextTurn();
      sliceEnd = performance.now() + SLICE_MS;
    }
    return page;
  }

  /** The candle that holds an instant, as it was when all trades before `asOf` had happened. */
  candleAsOf(symbol: string, timeframe: Timeframe, at: EpochMs, asOf: EpochMs): Candle | undefined {
    const grid = timeframeGrid(timeframe);
    const start = grid.floor(at);
    return this.#market(symbol).candle(start, Math.min(grid.shift(start), asOf));
  }

  trades(symbol: string, from: EpochMs, to: EpochMs): Trade[] {
    return this.#market(symbol).trades(from, to);
  }

  /** The state of a market just before an instant; none before its first trade. */
  tickerAsOf(symbol: string, asOf: EpochMs): Ticker | undefined {
    const last = this.#market(symbol).lastTrade(asOf);
    if (last === undefined) return undefined;
    // The day turns at 00:00 UTC, which is 09:00 in Seoul.
    const midnight = Math.floor(last.timestamp / DAY_MS) * DAY_MS;
    const today = this.#market(symbol).candle(midnight, last.timestamp + 1);
    const previousClose = this.#market(symbol).lastTrade(midnight)?.price ?? last.price;
    return {
      symbol,
      timestamp: last.timestamp,
      price: last.price,
      previousClose,
      change: last.price - previousClose,
      changeRate: last.price / previousClose - 1,
      ...(today && { open: today.open, high: today.high, low: today.low, volume: today.volume }),
    };
  }

  orderBookAsOf(symbol: string, asOf: EpochMs): ReturnType<typeof simulatedOrderBook> | undefined {
    const market = this.#market(symbol);
    const last = market.lastTrade(asOf);
    if (last === undefined) return undefined;
    const seed = seedOf(symbol, this.#seed);
    return simulatedOrderBook(symbol, last, asOf, seed, market.profile.typicalTrade);
  }

  #admitCall(): void {
    const now = this.clock.now();
    const second = Math.floor(now / 1_000);
    if (second !== this.#window.second) this.#window = { second, calls: 0 };
    if (this.#window.calls >= this.callsPerSecond) {
      const retryAfterMs = (second + 1) * 1_000 - now;
      throw new BarkeepError('OVERLOADED', 'the exchange refuses: too many calls this second', {
        details: { callsPerSecond: this.callsPerSecond, retryAfterMs },
      });
    }
    this.#window.calls += 1;
    this.#calls += 1;
  }

  #market(symbol: string): SimulatedMarket {
    const market = this.#markets.get(symbol);
    if (market !== undefined) return market;
    const rule = `must be one of ${this.symbols.join(', ')}`;
    throw invalidInput({ field: 'symbol', rule, value: symbol });
  }
}
