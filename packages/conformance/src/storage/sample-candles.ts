import { type Candle, type EpochMs, type SeriesKey, timeframeGrid } from '@barkeep/core';

/** A Thursday, and the first day of a year. */
export const START: EpochMs = Date.UTC(2026, 0, 1);
export const MINUTE = 60_000;
export const KEY: SeriesKey = Object.freeze({ symbol: 'KRW-BTC', timeframe: '1m' });
export const OTHER_KEY: SeriesKey = Object.freeze({ symbol: 'KRW-ETH', timeframe: '1m' });

/** The start of a minute, counted from START. */
export function minute(i: number): EpochMs {
  return START + i * MINUTE;
}

/** A valid candle; another `version` differs in every value. */
export function sampleCandle(timestamp: EpochMs, version = 0): Candle {
  const open = 100 + ((timestamp / MINUTE) % 97) + version * 1_000;
  return {
    timestamp,
    open,
    high: open + 2.5,
    low: open - 1.25,
    close: open + 0.125,
    volume: 1 + version + ((timestamp / MINUTE) % 13) / 8,
  };
}

/** One candle per minute in `[from, to)`, counted from START. */
export function sampleMinutes(from: number, to: number, version = 0): Candle[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) =>
    sampleCandle(minute(from + i), version),
  );
}

/** Candles of consecutive periods of any timeframe, from the period that holds START on. */
export function samplePeriods({ timeframe }: SeriesKey, count: number): Candle[] {
  const grid = timeframeGrid(timeframe);
  return Array.from({ length: count }, (_, i) => sampleCandle(grid.shift(START, i)));
}
