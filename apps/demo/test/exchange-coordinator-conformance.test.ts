import type { CoordinatorFailure, CoordinatorHarness } from '@barkeep/conformance/source';
import { registerCoordinatorConformance } from '@barkeep/conformance/source/vitest';
import { type Candle, type ManualClock, type SeriesKey, timeframeGrid } from '@barkeep/core';
import type { CandleRequest } from '@barkeep/source';
import { ExchangeCoordinator } from '../src/exchange/exchange-coordinator.ts';
import { KRW_MARKETS, type MarketProfile } from '../src/exchange/market-profile.ts';
import { SimulatedExchange } from '../src/exchange/simulated-exchange.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const CALLS_PER_SECOND = 100;
const TIMEFRAMES = ['1m', '5m', '1h', '1d', '1w', '1M'] as const;
/** Of a lively market with few trades, so that years of it are quickly made up, and of a sleepy one. */
const MARKETS = [marketLike('KRW-LIVELY', 4), marketLike('KRW-SLEEPY', 0.05)] as const;

const harness: CoordinatorHarness = {
  name: 'exchange coordinator',
  create: ({ clock }) => {
    const listedAt = clock.now() - 200 * DAY + 17 * MINUTE;
    const exchange = new SimulatedExchange({
      clock,
      listedAt,
      markets: MARKETS,
      callsPerSecond: CALLS_PER_SECOND,
    });
    const coordinator = new ExchangeCoordinator(exchange, () => undefined);
    return {
      coordinator,
      listedAt,
      series: TIMEFRAMES.map((timeframe) => ({ symbol: 'KRW-LIVELY', timeframe })),
      quiet: quietStretch(exchange),
      candles: (request) => candlesOf(exchange, request),
      failures: { rateLimit: rateLimit(exchange, clock) },
      hang: () => {
        // Its turns of this second are taken, and the next second never comes.
        const { from, to, ...key } = quietStretch(exchange);
        for (let i = 0; i < CALLS_PER_SECOND; i += 1) {
          const { signal } = new AbortController();
          void coordinator.fetchCandles({ ...key, from, to }, { signal });
        }
      },
    };
  },
};

registerCoordinatorConformance(harness);

/** What the exchange has, without its pages. */
function candlesOf(exchange: SimulatedExchange, request: CandleRequest): Candle[] {
  const { symbol, timeframe, from, to } = request;
  const grid = timeframeGrid(timeframe);
  const now = exchange.clock.now();
  const candles: Candle[] = [];
  const first = Math.max(from, grid.floor(exchange.listedAt));
  for (let at = first; at < Math.min(to, now); at = grid.shift(at)) {
    candles.push(
      ...[exchange.candleAsOf(symbol, timeframe, at, now)].filter((it) => it !== undefined),
    );
  }
  return candles;
}

/** The last ten minutes in a row in which the sleepy market slept, with some time after them. */
function quietStretch(exchange: SimulatedExchange): CandleRequest {
  const key: SeriesKey = { symbol: 'KRW-SLEEPY', timeframe: '1m' };
  let to = timeframeGrid('1m').floor(exchange.clock.now()) - 20 * MINUTE;
  while (exchange.trades(key.symbol, to - 10 * MINUTE, to).length > 0) to -= MINUTE;
  return { ...key, from: to - 10 * MINUTE, to };
}

/** Somebody else uses up the calls of this second. */
function rateLimit(exchange: SimulatedExchange, clock: ManualClock): CoordinatorFailure {
  return {
    begin: (afterCalls) => {
      for (let i = afterCalls; i < CALLS_PER_SECOND; i += 1) {
        void exchange.candlePage({ symbol: 'KRW-SLEEPY', timeframe: '1m', count: 1 });
      }
    },
    end: () => clock.advance(1_000),
    retryable: true,
    get retryAfterMs() {
      return 1_000 - (clock.now() % 1_000);
    },
  };
}

function marketLike(symbol: string, tradesPerMinute: number): MarketProfile {
  const [profile] = KRW_MARKETS;
  if (profile === undefined) throw new TypeError('the exchange has no markets');
  return { ...profile, symbol, tradesPerMinute };
}
