import { assertEqual, assertTrue } from '../../assertions.ts';
import { KEY, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';

export const statisticsScenarios: readonly StorageScenario[] = [
  scenario('stats/size', 'the size follows what is stored', async (storage) => {
    const empty = (await storage.stats()).size;
    assertEqual([empty.series, empty.candles], [0, 0], 'the size of an empty storage');
    await storage.candles.write([
      { key: KEY, candles: sampleMinutes(0, 1_000) },
      { key: OTHER_KEY, candles: sampleMinutes(0, 10) },
    ]);
    const full = (await storage.stats()).size;
    assertEqual([full.series, full.candles], [2, 1_010], 'after writing');
    assertTrue(full.bytes > 0, 'stored candles take bytes');
    await storage.candles.remove(KEY);
    const rest = (await storage.stats()).size;
    assertEqual([rest.series, rest.candles], [1, 10], 'after removing');
  }),
  scenario('stats/candles', 'candles written and read are counted', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    await storage.candles.write({
      key: KEY,
      candles: [...sampleMinutes(0, 8), ...sampleMinutes(8, 12, 1)],
    });
    await storage.candles.read({ ...KEY, limit: 5 });
    await storage.candles.readMany([{ ...KEY, limit: 2 }, { ...OTHER_KEY }]);
    const wanted = { limit: 3, candles: 'always' } as const;
    await storage.candles.snapshots([{ ...KEY, ranges: [wanted, {}] }, { ...OTHER_KEY }]);
    const stats = await storage.stats();
    assertEqual(
      [stats.candlesInserted, stats.candlesUpdated, stats.candlesUnchanged, stats.candlesRead],
      [12, 2, 8, 10],
      'inserted, updated, unchanged and read',
    );
  }),
  scenario('stats/operations', 'calls and failures are counted by operation', async (storage) => {
    await storage.candles.read({ ...KEY });
    await storage.candles.read({ ...KEY });
    await Promise.allSettled([storage.candles.read({ ...KEY, limit: -1 })]);
    const { operations } = await storage.stats();
    const reads = operations['candles.read'];
    assertEqual([reads?.calls, reads?.failures], [3, 1], 'calls and failures of candles.read');
    assertTrue((reads?.maxMs ?? -1) >= (reads?.meanMs ?? 0), 'the longest is at least the mean');
  }),
];
