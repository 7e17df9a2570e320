import type { Candle, SeriesKey } from '@barkeep/core';
import type { ChangeEvent, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual } from '../assertions.ts';
import { isEqual } from '../is-equal.ts';
import { COVERED_KEY, KEY, OTHER_KEY } from './sample-candles.ts';

/** Asserts candles bit for bit; the timestamps first: their difference says more than two long lists. */
export function assertCandles(
  actual: readonly Candle[],
  expected: readonly Candle[],
  what: string,
): void {
  const times = (candles: readonly Candle[]) => candles.map(({ timestamp }) => timestamp);
  assertEqual(times(actual), times(expected), `${what}: timestamps`);
  for (const [i, candle] of expected.entries()) {
    if (!isEqual(actual[i], candle)) assertEqual(actual[i], candle, `${what}: candle ${i}`);
  }
}

/** Asserts what a series has, as `read` and as `list` tell it. */
export async function assertSeries(
  { candles }: IMarketDataStorage,
  key: SeriesKey,
  expected: readonly Candle[],
  what: string,
): Promise<void> {
  const series = await candles.read(key);
  assertCandles(series.toArray(), expected, what);
  assertEqual([series.length, series.key], [expected.length, key], `${what}: length and key`);
  const [first, last] = [expected[0]?.timestamp, expected.at(-1)?.timestamp];
  const listed = expected.length === 0 ? [] : [{ ...key, count: expected.length, first, last }];
  assertEqual(await candles.list({ ...key }), listed, `${what}: the listed series`);
}

/** Asserts that every way to look at the storage shows nothing of a series. */
export async function assertNothingStored(
  storage: IMarketDataStorage,
  key: SeriesKey,
  what: string,
): Promise<void> {
  await assertSeries(storage, key, [], `${what}: nothing is stored`);
  assertEqual(await storage.coverage.of(key), [], `${what}: nothing is covered`);
}

/** Asserts that a storage which checks itself finds nothing. */
export async function assertSound({ integrity }: IMarketDataStorage, what: string): Promise<void> {
  const problems = (await integrity?.check())?.problems ?? [];
  assertEqual(problems, [], `problems that an integrity check finds ${what}`);
}

/** What a storage answers about everything it has, and about the coverage of some series: those of `storeMuch`. */
export async function answersOf(
  { candles, coverage, metadata }: IMarketDataStorage,
  keys: readonly SeriesKey[] = [KEY, OTHER_KEY, COVERED_KEY],
): Promise<unknown> {
  const list = await candles.list();
  const all = list.map(({ symbol, timeframe }) => ({ symbol, timeframe }));
  const series = await candles.readMany([...all, ...all.map((key) => ({ ...key, limit: 1_000 }))]);
  const names = await metadata.keys();
  return {
    list,
    candles: series.map((one) => one.toArray()),
    coverage: await Promise.all(keys.map((key) => coverage.of(key))),
    documents: await Promise.all(names.map(async (name) => [name, await metadata.get(name)])),
  };
}

/** Every change that is announced from now on. */
export function listen({ changes }: IMarketDataStorage): ChangeEvent[] {
  const events: ChangeEvent[] = [];
  changes.subscribe((event) => events.push(event));
  return events;
}
