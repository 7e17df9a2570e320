import { type Candle, CandleSeries, type SeriesKey } from '@barkeep/core';

export const KEY: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };
export const START = Date.UTC(2026, 0, 1);

/** The start of a minute, counted from START. */
export function minute(i: number): number {
  return START + i * 60_000;
}

export function candleAt(i: number, version = 0): Candle {
  return { timestamp: minute(i), open: 2, high: 4, low: 1, close: 3, volume: version };
}

/** One candle for each minute that is given, in any order. */
export function seriesOf(minutes: Iterable<number>, version = 0): CandleSeries {
  return CandleSeries.from(
    KEY,
    Array.from(minutes, (i) => candleAt(i, version)),
  );
}

/** The minutes `[from, to)`. */
export function minutes(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
