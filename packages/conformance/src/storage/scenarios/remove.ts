import { assertEqual } from '../../assertions.ts';
import { KEY, MINUTE, minute, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertNothingStored, assertSeries } from '../stored-state.ts';

export const removeScenarios: readonly StorageScenario[] = [
  scenario(
    'remove/series',
    'a whole series goes, with its coverage, and no other',
    async (storage) => {
      const covers = { from: minute(-10), to: minute(20) };
      await storage.candles.write([
        { key: KEY, candles: sampleMinutes(0, 10), covers },
        { key: OTHER_KEY, candles: sampleMinutes(0, 10), covers },
        { key: { ...KEY, timeframe: '5m' }, candles: sampleMinutes(0, 1), covers },
      ]);
      assertEqual(await storage.candles.remove(KEY), 10, 'how many were removed');
      await assertNothingStored(storage, KEY, 'after the removal');
      await assertSeries(storage, OTHER_KEY, sampleMinutes(0, 10), 'another symbol');
      await assertSeries(
        storage,
        { ...KEY, timeframe: '5m' },
        sampleMinutes(0, 1),
        'another timeframe',
      );
      assertEqual((await storage.coverage.of(OTHER_KEY)).length, 1, 'coverage of another symbol');
    },
  ),
  scenario('remove/range', 'a range is half-open', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const removed = await storage.candles.remove(KEY, { from: minute(3), to: minute(6) });
    assertEqual(removed, 3, 'how many were removed');
    await assertSeries(storage, KEY, [...sampleMinutes(0, 3), ...sampleMinutes(6, 10)], 'the rest');
  }),
  scenario('remove/first-and-last', 'removing the ends moves first and last', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    await storage.candles.remove(KEY, { from: minute(-5), to: minute(2) });
    await storage.candles.remove(KEY, { from: minute(8), to: minute(99) });
    await assertSeries(storage, KEY, sampleMinutes(2, 8), 'the middle');
  }),
  scenario('remove/large-range', 'a range in the midst of a large series', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 20_000) });
    const removed = await storage.candles.remove(KEY, { from: minute(500), to: minute(19_000) });
    assertEqual(removed, 18_500, 'how many were removed');
    const rest = [...sampleMinutes(0, 500), ...sampleMinutes(19_000, 20_000)];
    await assertSeries(storage, KEY, rest, 'the rest');
  }),
  scenario(
    'remove/coverage',
    'coverage goes where candles are removed, and stays elsewhere',
    async (storage, { clock }) => {
      await storage.candles.write({
        key: KEY,
        candles: sampleMinutes(0, 10),
        covers: { from: minute(0), to: minute(10) },
        source: 'a',
      });
      await storage.candles.remove(KEY, { from: minute(3), to: minute(6) });
      const rest = { source: 'a', collectedAt: clock.now() };
      const expected = [
        { from: minute(0), to: minute(3), ...rest },
        { from: minute(6), to: minute(10), ...rest },
      ];
      assertEqual(await storage.coverage.of(KEY), expected, 'the ledger');
    },
  ),
  scenario(
    'remove/unaligned-range',
    'a range with odd bounds removes the candles that it reads, and the coverage of their periods',
    async (storage) => {
      await storage.candles.write({
        key: KEY,
        candles: sampleMinutes(0, 10),
        covers: { from: minute(0), to: minute(10) },
      });
      const range = { from: minute(3) + 1, to: minute(5) + MINUTE / 2 };
      assertEqual(await storage.candles.remove(KEY, range), 2, 'how many were removed');
      const rest = [...sampleMinutes(0, 4), ...sampleMinutes(6, 10)];
      await assertSeries(storage, KEY, rest, 'the rest');
      const missing = await storage.coverage.missing(KEY, { from: minute(0), to: minute(10) });
      assertEqual(missing, [{ from: minute(4), to: minute(6) }], 'what is missing now');
    },
  ),
  scenario('remove/empty-range', 'an empty range removes nothing', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 3) });
    const range = { from: minute(1), to: minute(1) };
    assertEqual(await storage.candles.remove(KEY, range), 0, 'how many were removed');
    await assertSeries(storage, KEY, sampleMinutes(0, 3), 'after removing nothing');
  }),
  scenario('remove/unknown', 'removing what is not there removes nothing', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 3) });
    assertEqual(await storage.candles.remove(OTHER_KEY), 0, 'an unknown series');
    const later = { from: minute(50), to: minute(60) };
    assertEqual(await storage.candles.remove(KEY, later), 0, 'a range without candles');
    await assertSeries(storage, KEY, sampleMinutes(0, 3), 'after removing nothing');
  }),
  scenario('remove/write-again', 'what was removed can be written again', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 5) });
    await storage.candles.remove(KEY);
    const result = await storage.candles.write({ key: KEY, candles: sampleMinutes(2, 4) });
    assertEqual(result, { inserted: 2, updated: 0, unchanged: 0 }, 'the result');
    await assertSeries(storage, KEY, sampleMinutes(2, 4), 'after writing again');
  }),
];
