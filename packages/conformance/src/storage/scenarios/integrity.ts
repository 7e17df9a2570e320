import type { IIntegrityCheck, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual, assertRejects } from '../../assertions.ts';
import { COVERED_KEY, KEY, OTHER_KEY, sampleMinutes, storeMuch } from '../sample-candles.ts';
import { partScenario, type StorageScenario } from '../storage-scenario.ts';
import { assertSeries, listen } from '../stored-state.ts';

/** The model checks after each sequence of commands that nothing is found. */
export const integrityScenarios: readonly StorageScenario[] = [
  declared('sound', 'a sound storage is left as it is', async (integrity, storage) => {
    await storeMuch(storage);
    const sizes = (await storage.candles.list()).map(({ count }) => count);
    const { ok, problems, series, candles } = await integrity.check();
    assertEqual([ok, problems], [true, []], 'the problems');
    assertEqual([series, candles], [2, sizes.reduce((a, b) => a + b)], 'what was checked');
    const one = await integrity.check(OTHER_KEY);
    assertEqual([one.ok, one.series, one.candles], [true, 1, sizes[1]], 'one series');
    const unknown = await integrity.check({ ...KEY, symbol: 'never' });
    assertEqual([unknown.ok, unknown.series, unknown.candles], [true, 0, 0], 'one that is not');
    const ask = [{ ...KEY, ranges: [{}] }, OTHER_KEY, COVERED_KEY];
    const before = await storage.candles.snapshots(ask);
    const events = listen(storage);
    const nothing = { repairs: [], truncated: false, series: [], remaining: [] };
    for (const key of [undefined, KEY, { ...KEY, symbol: 'never' }]) {
      assertEqual(await integrity.quarantine(key), { candles: 0, runs: [] }, 'a quarantine');
      assertEqual(await integrity.repair(key), nothing, 'a repair');
    }
    assertEqual(events, [], 'the changes reported');
    assertEqual(await storage.candles.snapshots(ask), before, 'what is stored after it');
  }),
  declared('beside-writes', 'nor is anything found beside writes', async (integrity, storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 100) });
    const checks = [integrity.check(), integrity.check(KEY)];
    const repairs = [integrity.repair(), integrity.repair(KEY)];
    for (let i = 100; i < 160; i += 10) {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(i, i + 10) });
      checks.push(integrity.check());
    }
    for (const { problems } of await Promise.all(checks)) {
      assertEqual(problems, [], 'the problems found');
    }
    for (const report of await Promise.all(repairs)) {
      assertEqual([report.repairs, report.remaining], [[], []], 'what was repaired, and remains');
    }
    await assertSeries(storage, KEY, sampleMinutes(0, 160), 'what was written meanwhile');
  }),
  declared('invalid', 'a bad key is refused', async ({ check, quarantine, repair }) => {
    const key = { ...KEY, symbol: '' };
    for (const call of [check, quarantine, repair]) {
      await assertRejects(() => call(key), 'INVALID_INPUT', 'a key', { field: 'symbol' });
    }
  }),
];

function declared(
  key: string,
  title: string,
  run: (integrity: IIntegrityCheck, storage: IMarketDataStorage) => Promise<void>,
): StorageScenario {
  return partScenario('integrity', key, title, run);
}
