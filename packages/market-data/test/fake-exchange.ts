import { type Candle, type Clock, type SeriesKey, timeframeGrid } from '@barkeep/core';
import type {
  CandleDelivery,
  CandleRequest,
  DeliveryFeedback,
  IMarketDataCoordinator,
} from '@barkeep/market-data';

export interface FakeExchangeOptions {
  readonly clock: Clock;
  /** Whether anything was traded in a period. Default: in each. */
  readonly trades?: (period: number) => boolean;
  /** The number of the first period the market existed in. Default: all of time. */
  readonly listedAt?: number;
  /** Whether it tells when its history starts. Default: false. */
  readonly tellsStart?: boolean;
  /** How long its answers lag behind its trades, in milliseconds. Default: 0. */
  readonly behindMs?: number;
  /** Whether it tells as of when an answer is. Default: false. */
  readonly tellsTime?: boolean;
}

/** An exchange behind the coordinator port: every candle follows from its symbol and period. */
export class FakeExchange implements IMarketDataCoordinator {
  settlingMs?: number;
  readonly requests: CandleRequest[] = [];
  readonly feedbacks: DeliveryFeedback[] = [];
  /** Runs before each answer; what it throws is the answer, what it returns replaces the answer. */
  interfere: (
    request: CandleRequest,
    signal: AbortSignal,
  ) => CandleDelivery | undefined | Promise<CandleDelivery | undefined> = () => undefined;
  readonly #options: FakeExchangeOptions;

  constructor(options: FakeExchangeOptions) {
    this.#options = options;
  }

  async fetchCandles(
    request: CandleRequest,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<CandleDelivery> {
    this.requests.push(request);
    return (await this.interfere(request, signal)) ?? this.deliver(request);
  }

  feedback(feedback: DeliveryFeedback): void {
    this.feedbacks.push(feedback);
  }

  /** The requests so far as `[from, to]`, and forgets them. */
  takeIntervals(): [from: number, to: number][] {
    return this.requests.splice(0).map(({ from, to }) => [from, to]);
  }

  deliver(request: CandleRequest): CandleDelivery {
    const { clock, listedAt, tellsStart, tellsTime, behindMs = 0 } = this.#options;
    const grid = timeframeGrid(request.timeframe);
    const asOf = clock.now() - behindMs;
    return {
      candles: this.candles(request, request.from, request.to, asOf),
      source: 'fake',
      ...(tellsTime === true ? { asOf } : {}),
      ...(tellsStart === true && listedAt !== undefined
        ? { historyStart: grid.startOf(listedAt) }
        : {}),
    };
  }

  /** What the exchange knows of a stretch at an instant: the period under way as far as it has come. */
  candles(
    key: SeriesKey,
    from: number,
    to: number,
    now: number = this.#options.clock.now(),
  ): Candle[] {
    const { trades = () => true, listedAt = Number.NEGATIVE_INFINITY } = this.#options;
    const grid = timeframeGrid(key.timeframe);
    const candles: Candle[] = [];
    for (let at = grid.ceil(from); at < to && at <= now; at = grid.shift(at)) {
      const period = grid.indexOf(at);
      if (period < listedAt || !trades(period)) continue;
      const elapsed = Math.min(1, (now - at) / (grid.shift(at) - at));
      candles.push(candleAt(key, at, period, elapsed));
    }
    return candles;
  }
}

function candleAt(
  { symbol }: SeriesKey,
  timestamp: number,
  period: number,
  elapsed: number,
): Candle {
  const open = 1_000 + symbol.length + ((((period * 37) % 101) + 101) % 101);
  const close = open + Math.floor(elapsed * 10);
  return { timestamp, open, high: close + 1, low: open - 1, close, volume: 1 + elapsed };
}
