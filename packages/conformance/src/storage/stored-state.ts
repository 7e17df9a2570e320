import type { Candle, SeriesKey } from '@barkeep/core';
import type { CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual } from '../assertions.ts';
import { isEqual } from '../is-equal.ts';

/** Asserts what a query answers, bit for bit. */
export async function assertRead(
  storage: IMarketDataStorage,
  query: CandleQuery,
  expected: readonly Candle[],
  what: string,
): Promise<void> {
  const series = await storage.candles.read(query);
  const actual = series.toArray();
  // The timestamps first: their difference says more than two long lists.
  assertEqual(actual.map(timeOf), expected.map(timeOf), `${what}: timestamps`);
  for (const [i, candle] of expected.entries()) {
    if (!isEqual(actual[i], candle)) assertEqual(actual[i], candle, `${what}: candle ${i}`);
  }
  assertEqual(series.length, expected.length, `${what}: length`);
  assertEqual(
    series.key,
    { symbol: query.symbol, timeframe: query.timeframe },
    `${what}: the series' key`,
  );
}

/** Asserts that every way to look at the storage shows nothing of a series. */
export async function assertNothingStored(
  storage: IMarketDataStorage,
  key: SeriesKey,
  what: string,
): Promise<void> {
  await assertRead(storage, { ...key }, [], `${what}: nothing is stored`);
  assertEqual(await storage.candles.list({ ...key }), [], `${what}: nothing is listed`);
  assertEqual(await storage.coverage.of(key), [], `${what}: nothing is covered`);
}

/** Asserts that `list` tells what `read` shows. */
export async function assertListed(
  storage: IMarketDataStorage,
  key: SeriesKey,
  candles: readonly Candle[],
  what: string,
): Promise<void> {
  const timestamps = candles.map(timeOf);
  const expected =
    candles.length === 0
      ? []
      : [{ ...key, count: candles.length, first: timestamps[0], last: timestamps.at(-1) }];
  assertEqual(await storage.candles.list({ ...key }), expected, `${what}: the listed series`);
}

/** Asserts what a series has, as `read` and as `list` tell it. */
export async function assertSeries(
  storage: IMarketDataStorage,
  key: SeriesKey,
  candles: readonly Candle[],
  what: string,
): Promise<void> {
  await assertRead(storage, { ...key }, candles, what);
  await assertListed(storage, key, candles, what);
}

function timeOf({ timestamp }: Candle): number {
  return timestamp;
}
