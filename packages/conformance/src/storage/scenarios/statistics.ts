import { assertEqual, assertTrue } from '../../assertions.ts';
import { KEY, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';

export const statisticsScenarios: readonly StorageScenario[] = [
  scenario('stats/counts', 'calls, failures and candles are counted', async (storage) => {
    const { candles } = storage;
    const { size: empty } = await storage.stats();
    await candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    await candles.write({
      key: KEY,
      candles: [...sampleMinutes(0, 8), ...sampleMinutes(8, 12, 1)],
    });
    await candles.read({ ...KEY, limit: 5 });
    await Promise.allSettled([candles.read({ ...KEY, limit: -1 })]);
    await candles.readMany([{ ...KEY, limit: 2 }, { ...OTHER_KEY }]);
    const wanted = { limit: 3, candles: 'always' } as const;
    await candles.snapshots([{ ...KEY, ranges: [wanted, {}] }, { ...OTHER_KEY }]);
    const { operations, size, ...stats } = await storage.stats();
    assertEqual([empty.series, empty.candles], [0, 0], 'the size of an empty storage');
    assertEqual([size.series, size.candles], [1, 12], 'the size after writing');
    assertTrue(size.bytes > 0, 'stored candles take bytes');
    assertEqual(
      [stats.candlesInserted, stats.candlesUpdated, stats.candlesUnchanged, stats.candlesRead],
      [12, 2, 8, 10],
      'candles inserted, updated, unchanged and read',
    );
    const reads = operations['candles.read'];
    assertEqual([reads?.calls, reads?.failures], [2, 1], 'calls and failures of candles.read');
    assertTrue((reads?.maxMs ?? -1) >= (reads?.meanMs ?? 0), 'the longest is at least the mean');
  }),
];
