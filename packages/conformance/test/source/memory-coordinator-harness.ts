import {
  BarkeepError,
  type Candle,
  type Clock,
  type SeriesKey,
  timeframeGrid,
} from '@barkeep/core';
import type { CandleRequest, IMarketDataCoordinator } from '@barkeep/source';
import { MemoryCoordinator, type MemoryCoordinatorOptions } from '@barkeep/source-memory';
import type {
  CoordinatorFailure,
  CoordinatorHarness,
  CoordinatorUnderTest,
} from '../../src/source/index.ts';

const DAY_MS = 86_400_000;
const TIMEFRAMES = ['1m', '5m', '1h@30m', '1d', '3d', '1w', '1M'] as const;
/** Periods of recent history, and of a future that the clock reaches in a scenario. */
const PAST = 2_000;
const FUTURE = 60;

/** Puts something wrong in front of a coordinator that is right. */
export type PlantIn = (coordinator: MemoryCoordinator, clock: Clock) => IMarketDataCoordinator;

export function memoryCoordinatorHarness(
  name: string,
  options?: MemoryCoordinatorOptions,
  plant?: PlantIn,
): CoordinatorHarness {
  return { name, create: ({ clock }) => coordinatorUnderTest(clock, options, plant) };
}

/** Its candle in the making is not what it will be. */
class LivelyCoordinator extends MemoryCoordinator {
  readonly #clock: Clock;
  #lagMs = 0;

  constructor(options: MemoryCoordinatorOptions & { readonly clock: Clock }) {
    super(options);
    this.#clock = options.clock;
  }

  override lag(ms: number): void {
    this.#lagMs = ms;
    super.lag(ms);
  }

  override candles(request: CandleRequest): Candle[] {
    const endedBy = timeframeGrid(request.timeframe).floor(this.#clock.now() - this.#lagMs);
    return super.candles(request).map((candle) => {
      return candle.timestamp < endedBy ? candle : { ...candle, volume: 1 };
    });
  }
}

export function coordinatorUnderTest(
  clock: Clock,
  options: MemoryCoordinatorOptions = {},
  plant: PlantIn = (coordinator) => coordinator,
): CoordinatorUnderTest {
  const now = clock.now();
  const listedAt = now - 400 * DAY_MS;
  const series = TIMEFRAMES.map((timeframe): SeriesKey => ({ symbol: 'KRW-BTC', timeframe }));
  const grid = timeframeGrid('1m');
  const quiet = {
    ...(series[0] as SeriesKey),
    from: grid.shift(now, -300),
    to: grid.shift(now, -280),
  };
  const memory = new LivelyCoordinator({ listedAt, ...options, clock });
  for (const key of series) {
    const candles = candlesOf(key, listedAt, now);
    memory.add(
      key,
      candles.filter(({ timestamp: at }) => {
        return key.timeframe !== '1m' || at < quiet.from || at >= quiet.to;
      }),
    );
  }
  return {
    coordinator: plant(memory, clock),
    series,
    listedAt,
    quiet,
    candles: (request) => memory.candles(request),
    failures: {
      rateLimit: failure(memory, 'OVERLOADED', true, 1_000),
      outage: failure(memory, 'UNAVAILABLE', true),
      refusal: failure(memory, 'SOURCE_FAILED', false),
    },
    hang: () => memory.hang(),
    lag: (ms) => memory.lag(ms),
  };
}

/** The first candle there is, a long silence where periods are short, and then nearly every one. */
function candlesOf({ timeframe }: SeriesKey, listedAt: number, now: number): Candle[] {
  const grid = timeframeGrid(timeframe);
  const candles = [candleAt(grid.floor(listedAt))];
  const end = grid.shift(now, FUTURE);
  for (
    let at = Math.max(grid.shift(listedAt), grid.shift(now, -PAST));
    at < end;
    at = grid.shift(at)
  ) {
    if (grid.indexOf(at) % 9 !== 4 || at >= now) candles.push(candleAt(at));
  }
  return candles;
}

function candleAt(timestamp: number): Candle {
  const price = 100 + (timestamp % 77);
  return {
    timestamp,
    open: price,
    high: price + 2,
    low: price - 2,
    close: price + 1,
    volume: price / 3,
  };
}

function failure(
  memory: MemoryCoordinator,
  code: 'OVERLOADED' | 'UNAVAILABLE' | 'SOURCE_FAILED',
  retryable: boolean,
  retryAfterMs?: number,
): CoordinatorFailure {
  const details = retryAfterMs === undefined ? {} : { retryAfterMs };
  const error = new BarkeepError(code, 'the exchange refuses', { retryable, details });
  return {
    begin: (afterPages) => memory.fail(error, { afterPages, times: Number.POSITIVE_INFINITY }),
    end: () => memory.recover(),
    retryable,
    retryAfterMs,
  };
}
