import { assertEqual } from '../../assertions.ts';
import { assertCollectedNow } from '../assert-collected-now.ts';
import { KEY, minute, minutes, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertSeries } from '../stored-state.ts';

/** What the model does not know: the time of the clock, and ledgers of thousands. */
export const coverageScenarios: readonly StorageScenario[] = [
  scenario(
    'coverage/collected-now',
    'without a time it was collected now, and without a source by somebody unknown',
    async ({ candles, coverage }, { clock }) => {
      clock.advance(12_345);
      const startedAt = Date.now();
      await candles.write({ key: KEY, candles: sampleMinutes(0, 3), covers: minutes(0, 3) });
      await coverage.add(KEY, minutes(5, 9), { source: 'a' });
      const ledger = await coverage.of(KEY);
      for (const { collectedAt } of ledger) assertCollectedNow(collectedAt, clock, startedAt);
      const sources = ledger.map(({ collectedAt: _, ...entry }) => entry);
      const expected = [
        { ...minutes(0, 3), source: 'unknown' },
        { ...minutes(5, 9), source: 'a' },
      ];
      assertEqual(sources, expected, 'the ledger');
      assertEqual(await candles.list({ timeframe: '5m' }), [], 'series without candles');
    },
  ),
  scenario(
    'coverage/many-entries',
    'a ledger of thousands of entries, and candles far apart, stay exact',
    async (storage) => {
      const { candles, coverage } = storage;
      const covers = Array.from({ length: 2_000 }, (_, i) => minutes(2 * i, 2 * i + 1));
      await candles.write({ key: KEY, candles: [], covers });
      assertEqual((await coverage.of(KEY)).length, 2_000, 'how many entries there are');
      const holes = (await coverage.missing(KEY, minutes(0, 4_000))).length;
      assertEqual(holes, 2_000, 'how many stretches are missing');
      const input = [...sampleMinutes(-1_000_000, -999_999), ...sampleMinutes(0, 4_000)];
      const result = await candles.write({ key: KEY, candles: input, replaces: 'uncovered' });
      assertEqual(result, { inserted: 2_001, updated: 0, unchanged: 2_000 }, 'the result');
      const expected = input.filter(({ timestamp }, i) => timestamp < minute(0) || i % 2 === 0);
      await assertSeries(storage, KEY, expected, 'what was not covered');
      const provenance = { source: 'another', collectedAt: minute(9_999) };
      await coverage.add(KEY, minutes(0, 4_000), provenance);
      const one = [{ ...minutes(0, 4_000), ...provenance }];
      assertEqual(await coverage.of(KEY), one, 'the ledger after an entry over all');
    },
  ),
];
