import type { ChangeEvent, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual, assertTrue, rejectionOf } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertSeries } from '../stored-state.ts';

const COVERS = { from: minute(0), to: minute(3_000) };

/** Each changes much in one call. */
const CHANGES: Readonly<Record<string, (storage: IMarketDataStorage) => Promise<unknown>>> = {
  'candles.write': ({ candles }) =>
    candles.write([
      { key: OTHER_KEY, candles: sampleMinutes(0, 2_000, 1), covers: COVERS, source: 'b' },
      { key: KEY, candles: sampleMinutes(-500, 2_500, 2), covers: COVERS, source: 'b' },
      { key: { ...KEY, symbol: 'new' }, candles: sampleMinutes(0, 50), covers: COVERS },
    ]),
  'candles.write of what is not covered': ({ candles }) =>
    candles.write({ key: KEY, candles: sampleMinutes(-5, 5, 3), replaces: 'uncovered' }),
  'candles.remove': ({ candles }) => candles.remove(KEY, { from: minute(100), to: minute(2_000) }),
  'coverage.add': ({ coverage }) => coverage.add(KEY, COVERS, { source: 'c' }),
  'coverage.remove': ({ coverage }) => coverage.remove(KEY),
};

export const faultScenarios: readonly StorageScenario[] = [
  scenario(
    'faults/atomic',
    'a change during which something below fails has happened as a whole, or not at all',
    async (storage, context) => {
      for (const fault of context.faults) {
        await storage.candles.remove(KEY);
        await storage.candles.write([
          { key: KEY, candles: sampleMinutes(0, 2_000), covers: { ...COVERS, to: minute(900) } },
          { key: OTHER_KEY, candles: sampleMinutes(0, 10) },
        ]);
        let failures = 0;
        for (const [name, change] of Object.entries(CHANGES)) {
          const what = `${name} with ${fault}`;
          const before = await stateOf(storage);
          const events: ChangeEvent[] = [];
          const stop = storage.changes.subscribe((event) => events.push(event));
          const end = await context.beginFault(fault, storage);
          const outcome = await change(storage).then(
            () => undefined,
            (error: unknown) => error ?? 'nothing',
          );
          await end();
          stop();
          if (outcome === undefined) continue;
          failures += 1;
          const after = await stateOf(storage);
          assertEqual(after.stored, before.stored, `${what}: what is stored after it was refused`);
          assertEqual(after.revisions, before.revisions, `${what}: the revisions after it`);
          assertEqual(
            events.filter(({ type }) => type !== 'failure'),
            [],
            `${what}: the events`,
          );
        }
        assertTrue(failures > 0, `${fault} makes at least one of the changes fail`);
        const end = await context.beginFault(fault, storage);
        const write = CHANGES['candles.write'];
        if (write !== undefined) await rejectionOf(() => write(storage), `a write with ${fault}`);
        await end();
        await storage.candles.remove(KEY);
        await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 2_000, 3) });
        await assertSeries(storage, KEY, sampleMinutes(0, 2_000, 3), `written after ${fault}`);
        const problems = (await storage.integrity?.check())?.problems ?? [];
        assertEqual(problems, [], `problems that an integrity check finds after ${fault}`);
      }
    },
    {
      requires: (_, { faults }) =>
        faults === undefined ? 'its harness knows no faults of what lies below' : undefined,
      timeoutMs: 60_000,
    },
  ),
];

async function stateOf({ candles, coverage }: IMarketDataStorage) {
  const keys = [KEY, OTHER_KEY, { ...KEY, symbol: 'new' }];
  const snapshots = await candles.snapshots(
    keys.map((key) => ({ ...key, ranges: [{ candles: 'always' }, { to: minute(5) }] })),
  );
  return {
    stored: {
      candles: snapshots.map(({ extent, ranges }) => [extent, ranges[0]?.candles?.toArray()]),
      list: await candles.list(),
      coverage: await Promise.all(keys.map((key) => coverage.of(key))),
    },
    revisions: snapshots.map(({ ranges }) => ranges.map(({ revision }) => revision)),
  };
}
