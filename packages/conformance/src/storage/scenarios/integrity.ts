import type { IIntegrityCheck, IMarketDataStorage } from '@barkeep/storage';
import { assertDefined, assertEqual, assertRejects } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario, whereDeclared } from '../storage-scenario.ts';
import { assertSeries } from '../stored-state.ts';

export const integrityScenarios: readonly StorageScenario[] = [
  declared(
    'after-changes',
    'after every kind of change all is in order',
    async (storage, integrity) => {
      await storage.candles.write([
        {
          key: KEY,
          candles: sampleMinutes(0, 3_000),
          covers: { from: minute(0), to: minute(3_000) },
        },
        { key: OTHER_KEY, candles: sampleMinutes(0, 10) },
      ]);
      await storage.candles.write({ key: KEY, candles: sampleMinutes(-10, 50, 1) });
      await storage.coverage.add(KEY, { from: minute(10), to: minute(20) }, { source: 'b' });
      await storage.candles.remove(KEY, { from: minute(100), to: minute(200) });
      const report = await integrity.check();
      assertEqual([report.ok, report.problems], [true, []], 'the problems');
      assertEqual([report.series, report.candles], [2, 2_920], 'what was checked');
      const one = await integrity.check(OTHER_KEY);
      assertEqual([one.ok, one.series, one.candles], [true, 1, 10], 'one series');
    },
  ),
  declared(
    'repair-nothing',
    'checks, quarantines and repairs leave a sound storage as it is',
    async (storage, integrity) => {
      await storage.candles.write([
        {
          key: KEY,
          candles: sampleMinutes(0, 3_000),
          covers: { from: minute(0), to: minute(3_000) },
        },
        { key: OTHER_KEY, candles: sampleMinutes(0, 10) },
      ]);
      // Candles over others, holes, and coverage of another time than its neighbours'.
      await storage.candles.write({ key: KEY, candles: sampleMinutes(40, 60, 1) });
      await storage.candles.remove(KEY, { from: minute(1_000), to: minute(1_100) });
      await storage.coverage.add(KEY, { from: minute(10), to: minute(20) }, { source: 'b' });
      const ask = [{ ...KEY, ranges: [{}] }, OTHER_KEY];
      const before = await storage.candles.snapshots(ask);
      const events: unknown[] = [];
      storage.changes.subscribe((event) => events.push(event));
      await integrity.check();
      assertEqual(await integrity.quarantine(), { candles: 0, runs: [] }, 'a quarantine');
      assertEqual(await integrity.quarantine(KEY), { candles: 0, runs: [] }, 'that of one series');
      const nothing = { repairs: [], truncated: false, series: [], remaining: [] };
      assertEqual(await integrity.repair(), nothing, 'the report');
      assertEqual(await integrity.repair(KEY), nothing, 'the report on one series');
      assertEqual(events, [], 'the changes reported');
      assertEqual(await storage.candles.snapshots(ask), before, 'what is stored after it');
    },
  ),
  declared(
    'beside-writes',
    'a check and a repair while others write find nothing',
    async (storage, integrity) => {
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
    },
  ),
  declared(
    'unknown',
    'there is nothing wrong with a series that is not there',
    async (storage, integrity) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
      const report = await integrity.check(OTHER_KEY);
      assertEqual([report.ok, report.series, report.candles], [true, 0, 0], 'the report');
      await integrity.repair(OTHER_KEY);
      assertEqual((await storage.candles.list()).length, 1, 'the series after a repair of another');
    },
  ),
  declared('invalid', 'an invalid key is refused', async (_, { check, quarantine, repair }) => {
    const key = { symbol: '', timeframe: '1m' } as const;
    for (const call of [check, quarantine, repair]) {
      await assertRejects(() => call(key), 'INVALID_INPUT', 'an empty symbol', {
        field: 'symbol',
      });
    }
  }),
];

function declared(
  key: string,
  title: string,
  run: (storage: IMarketDataStorage, integrity: IIntegrityCheck) => Promise<void>,
): StorageScenario {
  return scenario(
    `integrity/${key}`,
    title,
    (storage) => run(storage, assertDefined(storage.integrity, 'storage.integrity')),
    whereDeclared(({ integrity }) => integrity, 'integrity is not declared'),
  );
}
