import type { Interval, SeriesKey } from '@barkeep/core';
import type { CoverageEntry, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertSeries } from '../stored-state.ts';

export const coverageScenarios: readonly StorageScenario[] = [
  scenario('coverage/add', 'an interval is kept with its source and time', async (storage) => {
    await storage.coverage.add(KEY, span(0, 10), { source: 'a', collectedAt: minute(99) });
    assertEqual(await storage.coverage.of(KEY), [entry(0, 10, 'a', 99)], 'the ledger');
    assertEqual(await storage.coverage.of(OTHER_KEY), [], 'the ledger of another series');
    assertEqual(await storage.coverage.of({ ...KEY, timeframe: '5m' }), [], 'of another timeframe');
  }),
  scenario(
    'coverage/now-by-default',
    'without a time it was collected now',
    async (storage, { clock }) => {
      clock.advance(777);
      await storage.coverage.add(KEY, span(0, 10), { source: 'a' });
      const [added] = await storage.coverage.of(KEY);
      assertEqual(added?.collectedAt, clock.now(), 'the time of collection');
    },
  ),
  scenario(
    'coverage/add-whole-periods',
    'of an interval only whole periods count',
    async (storage) => {
      await add(storage, { from: minute(0) + 1, to: minute(3) + 1 }, 'a', 1);
      await add(storage, { from: minute(5) + 1, to: minute(6) + 1 }, 'a', 1);
      await add(storage, { from: minute(8), to: minute(8) }, 'a', 1);
      assertEqual(await storage.coverage.of(KEY), [entry(1, 3, 'a', 1)], 'the ledger');
    },
  ),
  scenario(
    'coverage/merge-touching',
    'entries of one source that touch become one',
    async (storage) => {
      await add(storage, span(0, 5), 'a', 3);
      await add(storage, span(10, 15), 'a', 1);
      await add(storage, span(5, 10), 'a', 2);
      assertEqual(await storage.coverage.of(KEY), [entry(0, 15, 'a', 3)], 'the ledger');
    },
  ),
  scenario(
    'coverage/merge-overlapping',
    'entries of one source that overlap become one',
    async (storage) => {
      await add(storage, span(0, 6), 'a', 1);
      await add(storage, span(4, 10), 'a', 2);
      await add(storage, span(5, 7), 'a', 3);
      assertEqual(await storage.coverage.of(KEY), [entry(0, 10, 'a', 3)], 'the ledger');
    },
  ),
  scenario('coverage/keep-apart', 'entries that do not touch stay apart', async (storage) => {
    await add(storage, span(6, 8), 'a', 1);
    await add(storage, span(0, 5), 'a', 1);
    assertEqual(
      await storage.coverage.of(KEY),
      [entry(0, 5, 'a', 1), entry(6, 8, 'a', 1)],
      'the ledger',
    );
  }),
  scenario(
    'coverage/sources-apart',
    'entries of two sources touch without becoming one',
    async (storage) => {
      await add(storage, span(0, 5), 'a', 1);
      await add(storage, span(5, 10), 'b', 1);
      assertEqual(
        await storage.coverage.of(KEY),
        [entry(0, 5, 'a', 1), entry(5, 10, 'b', 1)],
        'the ledger',
      );
    },
  ),
  scenario('coverage/override', 'a later source replaces what it overlaps', async (storage) => {
    await add(storage, span(0, 10), 'a', 1);
    await add(storage, span(3, 6), 'b', 2);
    const expected = [entry(0, 3, 'a', 1), entry(3, 6, 'b', 2), entry(6, 10, 'a', 1)];
    assertEqual(await storage.coverage.of(KEY), expected, 'the ledger');
    await add(storage, span(-5, 20), 'c', 3);
    assertEqual(await storage.coverage.of(KEY), [entry(-5, 20, 'c', 3)], 'after one over all');
  }),
  scenario(
    'coverage/of-range',
    'entries are cut to the range that is asked for',
    async (storage) => {
      await add(storage, span(0, 10), 'a', 1);
      await add(storage, span(12, 20), 'b', 1);
      const inside = await storage.coverage.of(KEY, { from: minute(4) + 1, to: minute(13) });
      const expected = [{ ...entry(0, 10, 'a', 1), from: minute(4) + 1 }, entry(12, 13, 'b', 1)];
      assertEqual(inside, expected, 'the entries in the range');
      assertEqual(await storage.coverage.of(KEY, span(10, 12)), [], 'between entries');
      assertEqual(await storage.coverage.of(KEY, span(5, 5)), [], 'an empty range');
    },
  ),
  scenario('coverage/missing', 'what is not covered is missing', async (storage) => {
    assertEqual(await storage.coverage.missing(KEY, span(0, 10)), [span(0, 10)], 'before all');
    await add(storage, span(2, 4), 'a', 1);
    await add(storage, span(6, 8), 'b', 1);
    const missing = await storage.coverage.missing(KEY, span(0, 10));
    assertEqual(missing, [span(0, 2), span(4, 6), span(8, 10)], 'around entries');
    assertEqual(await storage.coverage.missing(KEY, span(2, 4)), [], 'inside an entry');
    assertEqual(await storage.coverage.missing(KEY, span(3, 3)), [], 'an empty range');
  }),
  scenario(
    'coverage/missing-across-sources',
    'what sources cover together is not missing',
    async (storage) => {
      await add(storage, span(0, 5), 'a', 1);
      await add(storage, span(5, 10), 'b', 1);
      assertEqual(await storage.coverage.missing(KEY, span(0, 10)), [], 'what is missing');
    },
  ),
  scenario(
    'coverage/missing-whole-periods',
    'missing ranges are whole periods',
    async (storage) => {
      const range = { from: minute(1) + 1, to: minute(3) + 1 };
      assertEqual(await storage.coverage.missing(KEY, range), [span(1, 4)], 'what is missing');
    },
  ),
  scenario(
    'coverage/missing-ignores-candles',
    'a candle outside coverage may still change, so it is missing',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
      assertEqual(
        await storage.coverage.missing(KEY, span(0, 10)),
        [span(0, 10)],
        'what is missing',
      );
    },
  ),
  scenario('coverage/remove', 'coverage can be forgotten, the candles stay', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10), covers: span(0, 10) });
    await storage.coverage.remove(KEY, { from: minute(3) + 1, to: minute(5) });
    const missing = await storage.coverage.missing(KEY, span(0, 10));
    assertEqual(missing, [span(3, 5)], 'what is missing after a part was forgotten');
    await storage.coverage.remove(KEY);
    assertEqual(await storage.coverage.of(KEY), [], 'the ledger after all was forgotten');
    await assertSeries(storage, KEY, sampleMinutes(0, 10), 'after coverage was forgotten');
  }),
  scenario(
    'coverage/remove-nothing',
    'forgetting what is not covered changes nothing',
    async (storage) => {
      await add(storage, span(0, 5), 'a', 1);
      await storage.coverage.remove(OTHER_KEY);
      await storage.coverage.remove(KEY, span(5, 9));
      await storage.coverage.remove(KEY, span(2, 2));
      assertEqual(await storage.coverage.of(KEY), [entry(0, 5, 'a', 1)], 'the ledger');
    },
  ),
  scenario(
    'coverage/calendar',
    'coverage of weeks and months keeps to the calendar',
    async (storage) => {
      const week: SeriesKey = { ...KEY, timeframe: '1w' };
      const month: SeriesKey = { ...KEY, timeframe: '1M' };
      const quarter = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 3, 1) };
      await storage.coverage.add(week, quarter, { source: 'a' });
      await storage.coverage.add(month, { ...quarter, to: quarter.to - 1 }, { source: 'a' });
      const [weeks] = await storage.coverage.of(week);
      assertEqual(weeks?.from, Date.UTC(2026, 0, 5), 'the first Monday of the quarter');
      assertEqual(weeks?.to, Date.UTC(2026, 2, 30), 'its last Monday');
      const missing = await storage.coverage.missing(month, quarter);
      assertEqual(
        missing,
        [{ from: Date.UTC(2026, 2, 1), to: quarter.to }],
        'the unfinished month',
      );
    },
  ),
  scenario(
    'coverage/many-entries',
    'a ledger of hundreds of entries stays exact',
    async (storage) => {
      for (let i = 0; i < 200; i += 1) await add(storage, span(3 * i, 3 * i + 2), 'a', 1);
      const entries = await storage.coverage.of(KEY);
      assertEqual(entries.length, 200, 'the entries');
      const missing = await storage.coverage.missing(KEY, span(0, 600));
      assertEqual(missing.length, 200, 'the holes');
      await add(storage, span(0, 600), 'a', 1);
      assertEqual(await storage.coverage.of(KEY), [entry(0, 600, 'a', 1)], 'after one over all');
    },
  ),
  scenario(
    'coverage/continuity',
    'candles, periods without trades and missing periods are counted',
    async (storage) => {
      await storage.candles.write([
        { key: KEY, candles: [...sampleMinutes(0, 3), ...sampleMinutes(5, 6)], covers: span(0, 8) },
        { key: KEY, candles: sampleMinutes(9, 11) },
      ]);
      assertEqual(
        await storage.coverage.continuity(KEY, span(0, 20)),
        {
          range: span(0, 20),
          periods: 20,
          candles: 6,
          noTradePeriods: 4,
          uncoveredCandles: 2,
          missingPeriods: 10,
          missing: [span(8, 20)],
        },
        'the report',
      );
    },
  ),
  scenario(
    'coverage/continuity-default',
    'without a range, the series from first to last candle',
    async (storage) => {
      await storage.candles.write({
        key: KEY,
        candles: [...sampleMinutes(2, 4), ...sampleMinutes(8, 9)],
      });
      const report = await storage.coverage.continuity(KEY);
      assertEqual(report.range, span(2, 9), 'its range');
      assertEqual([report.periods, report.candles, report.missingPeriods], [7, 3, 4], 'its counts');
      const nothing = await storage.coverage.continuity(OTHER_KEY);
      assertEqual(
        [nothing.periods, nothing.candles, nothing.missing],
        [0, 0, []],
        'an empty series',
      );
    },
  ),
];

function add(
  storage: IMarketDataStorage,
  interval: Interval,
  source: string,
  collected: number,
): Promise<void> {
  return storage.coverage.add(KEY, interval, { source, collectedAt: minute(collected) });
}

function span(from: number, to: number): Interval {
  return { from: minute(from), to: minute(to) };
}

function entry(from: number, to: number, source: string, collected: number): CoverageEntry {
  return { ...span(from, to), source, collectedAt: minute(collected) };
}
