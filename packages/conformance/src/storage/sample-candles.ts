import type { Candle, EpochMs, Interval, SeriesKey } from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';

/** A Thursday, and the first day of a year. */
export const START: EpochMs = Date.UTC(2026, 0, 1);
export const MINUTE = 60_000;
export const KEY: SeriesKey = Object.freeze({ symbol: 'KRW-BTC', timeframe: '1m' });
export const OTHER_KEY: SeriesKey = Object.freeze({ symbol: 'KRW-ETH', timeframe: '1m' });
/** A series that has coverage and no candles after `storeMuch`. */
export const COVERED_KEY: SeriesKey = Object.freeze({ symbol: 'KRW-XRP', timeframe: '1h' });

/** The start of a minute, counted from START. */
export function minute(i: number): EpochMs {
  return START + i * MINUTE;
}

export function minutes(from: number, to: number): Interval {
  return { from: minute(from), to: minute(to) };
}

/** A valid candle; another `version` differs in every value. */
export function sampleCandle(timestamp: EpochMs, version = 0): Candle {
  const minutes = Math.abs(timestamp / MINUTE);
  const open = 100 + (minutes % 97) + version * 1_000;
  return {
    timestamp,
    open,
    high: open + 2.5,
    low: open - 1.25,
    close: open + 0.125,
    volume: 1 + version + (minutes % 13) / 8,
  };
}

/** One candle per minute in `[from, to)`, counted from START. */
export function sampleMinutes(from: number, to: number, version = 0): Candle[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) =>
    sampleCandle(minute(from + i), version),
  );
}

/**
 * Every kind of thing that can be stored, in every way that leaves work for a compaction: small appends,
 * late candles, holes, replacements. Not so much of it that a storage would set to work by itself.
 */
export async function storeMuch({
  candles,
  coverage,
  metadata,
}: IMarketDataStorage): Promise<void> {
  const odd = 0.1 + 0.2;
  const quiet = { timestamp: minute(-1), open: odd, high: odd, low: 5e-324, close: odd, volume: 0 };
  await candles.write([
    { key: KEY, candles: sampleMinutes(0, 6_000), covers: minutes(0, 6_000), source: 'a' },
    { key: OTHER_KEY, candles: [quiet, ...sampleMinutes(0, 10)] },
  ]);
  for (let i = 6_000; i < 9_000; i += 300) {
    await candles.write({ key: KEY, candles: sampleMinutes(i, i + 300) });
  }
  await candles.write({ key: KEY, candles: sampleMinutes(100, 150, 1) });
  await candles.write({ key: KEY, candles: sampleMinutes(-700, -100) });
  await candles.write({ key: KEY, candles: sampleMinutes(-50, -40) });
  await candles.remove(KEY, minutes(2_000, 2_100));
  await candles.write({ key: KEY, candles: sampleMinutes(2_050, 2_060, 1) });
  await candles.write({ key: OTHER_KEY, candles: sampleMinutes(10, 3_000) });
  await coverage.add(KEY, minutes(7_000, 8_000), { source: 'b', collectedAt: 5 });
  await coverage.add(COVERED_KEY, minutes(0, 600), { source: 'c', collectedAt: 7 });
  await metadata.set('note', { text: 'hello', list: [1, null, '비트'] });
  await metadata.set('zero', 0);
}
