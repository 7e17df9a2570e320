import {
  type Candle,
  type EpochMs,
  type Interval,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import type { LiveCandle } from '@barkeep/source';

/** The candles an exchange makes of trades, each with the last of its states. */
export class MarketTruth {
  readonly #series = new Map<string, Map<EpochMs, LiveCandle>>();
  #lastAsOf: EpochMs = 0;

  /** A trade happens; returns the state of its candle after it. */
  trade(key: SeriesKey, price: number, now: EpochMs): LiveCandle {
    const timestamp = timeframeGrid(key.timeframe).floor(now);
    // Two states never have one asOf: which of them counts would depend on the order they come in.
    this.#lastAsOf = Math.max(now, this.#lastAsOf + 1);
    const candle = withTrade(this.#states(key).get(timestamp)?.candle, timestamp, price);
    const live: LiveCandle = { key, candle, asOf: this.#lastAsOf };
    this.#states(key).set(timestamp, live);
    return live;
  }

  /** The state of the candle in the making, if there were trades in it. */
  current(key: SeriesKey, now: EpochMs): LiveCandle | undefined {
    return this.#states(key).get(timeframeGrid(key.timeframe).floor(now));
  }

  candles(key: SeriesKey, { from, to }: Interval): Candle[] {
    return [...this.#states(key).values()]
      .map(({ candle }) => candle)
      .filter(({ timestamp }) => timestamp >= from && timestamp < to)
      .sort((a, b) => a.timestamp - b.timestamp);
  }

  #states(key: SeriesKey): Map<EpochMs, LiveCandle> {
    const states = this.#series.get(seriesKeyText(key)) ?? new Map<EpochMs, LiveCandle>();
    this.#series.set(seriesKeyText(key), states);
    return states;
  }
}

function withTrade(before: Candle | undefined, timestamp: EpochMs, price: number): Candle {
  if (before === undefined) {
    return { timestamp, open: price, high: price, low: price, close: price, volume: 1 };
  }
  return {
    ...before,
    high: Math.max(before.high, price),
    low: Math.min(before.low, price),
    close: price,
    volume: before.volume + 1,
  };
}
