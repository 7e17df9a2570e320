import {
  type Candle,
  type Clock,
  type EpochMs,
  type SeriesKey,
  type Trade,
  timeframeGrid,
} from '@barkeep/core';
import type { CandleDelivery, CandleRequest, IMarketDataCoordinator } from '@barkeep/market-data';
import type { LiveCandle } from '@barkeep/source';

/** A market of one symbol that makes its candles of trades, as exchanges do. */
export class TradedMarket implements IMarketDataCoordinator {
  readonly trades: Trade[] = [];
  readonly requests: CandleRequest[] = [];
  /** It is asked what has happened so far, so its answers are final at once. */
  readonly settlingMs = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something is traded now. */
  trade(price: number): Trade {
    return this.tradeAt(this.#clock.now(), price);
  }

  tradeAt(timestamp: EpochMs, price: number): Trade {
    const trade: Trade = { id: `${this.trades.length}`, timestamp, price, size: 1, side: 'buy' };
    this.trades.push(trade);
    return trade;
  }

  /** What has been traded so far of the periods of a stretch, by the instant `asOf`. */
  candles({ timeframe }: SeriesKey, from: EpochMs, to: EpochMs, asOf = Infinity): Candle[] {
    const grid = timeframeGrid(timeframe);
    const candles = new Map<EpochMs, Candle>();
    for (const { timestamp: at, price, size } of this.trades) {
      const timestamp = grid.floor(at);
      if (timestamp < from || timestamp >= to || at > asOf) continue;
      const { open = price, high = price, low = price, volume = 0 } = candles.get(timestamp) ?? {};
      candles.set(timestamp, {
        timestamp,
        open,
        high: Math.max(high, price),
        low: Math.min(low, price),
        close: price,
        volume: volume + size,
      });
    }
    return [...candles.values()];
  }

  /** The state of the candle that a trade is in, right after the trade. */
  stateAt(key: SeriesKey, trade: Trade): LiveCandle {
    const grid = timeframeGrid(key.timeframe);
    const from = grid.floor(trade.timestamp);
    const earlier = this.trades.slice(0, this.trades.indexOf(trade) + 1);
    const market = new TradedMarket(this.#clock);
    market.trades.push(...earlier);
    const [candle] = market.candles(key, from, grid.shift(from));
    if (candle === undefined) throw new TypeError('a trade makes a candle');
    return { key, candle, asOf: trade.timestamp };
  }

  async fetchCandles(request: CandleRequest): Promise<CandleDelivery> {
    this.requests.push(request);
    const { from, to } = request;
    return { candles: this.candles(request, from, to), source: 'rest' };
  }
}
