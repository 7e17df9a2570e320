import type { IMarketDataStorage } from '@barkeep/storage';
import { assertEqual, assertTrue, ConformanceError, rejectionOf } from '../../assertions.ts';
import { needs } from '../../conformance-suite.ts';
import { KEY, minute, minutes, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { answersOf, assertSeries, assertSound, listen } from '../stored-state.ts';

const COVERS = minutes(0, 3_000);
const NEW_KEY = { ...KEY, symbol: 'new' };
const KEYS = [KEY, OTHER_KEY, NEW_KEY];

/** Each changes much in one call. */
const CHANGES: Readonly<Record<string, (storage: IMarketDataStorage) => Promise<unknown>>> = {
  'candles.write': ({ candles }) =>
    candles.write([
      { key: OTHER_KEY, candles: sampleMinutes(0, 2_000, 1), covers: COVERS, source: 'b' },
      { key: KEY, candles: sampleMinutes(-500, 2_500, 2), covers: COVERS, source: 'b' },
      { key: NEW_KEY, candles: sampleMinutes(0, 50), covers: COVERS },
    ]),
  'candles.write of what is not covered': ({ candles }) =>
    candles.write({ key: KEY, candles: sampleMinutes(-5, 5, 3), replaces: 'uncovered' }),
  'candles.remove': ({ candles }) => candles.remove(KEY, minutes(100, 2_000)),
  'coverage.add': ({ coverage }) => coverage.add(KEY, COVERS, { source: 'c' }),
  'coverage.remove': ({ coverage }) => coverage.remove(KEY),
  'metadata.set': ({ metadata }) => metadata.set('note', 'new'),
  'metadata.delete': ({ metadata }) => metadata.delete('note'),
  'changes.announce': ({ changes }) => changes.announce(KEY),
  'maintenance.compact': async ({ maintenance }) => {
    await maintenance?.compact();
    assertEqual((await maintenance?.explain())?.series ?? 0, 0, 'what is left to compact');
  },
};

export const faultScenarios: readonly StorageScenario[] = [
  scenario(
    'faults/atomic',
    'a change during which something below fails has happened as a whole, or not at all',
    async (first, context) => {
      let storage = first;
      for (const fault of context.faults) {
        await storage.metadata.set('note', 'old');
        await storage.candles.remove(KEY);
        await storage.candles.write([
          { key: KEY, candles: sampleMinutes(0, 2_000), covers: minutes(0, 900) },
          { key: OTHER_KEY, candles: sampleMinutes(0, 10) },
        ]);
        let failures = 0;
        for (const [name, change] of Object.entries(CHANGES)) {
          const what = `${name} with ${fault}`;
          const before = [await answersOf(storage, KEYS), await revisionsOf(storage)];
          const events = listen(storage);
          const end = await context.beginFault(fault, storage);
          const [outcome] = await Promise.allSettled([change(storage)]);
          await end();
          const after = [await answersOf(storage, KEYS), await revisionsOf(storage)];
          if (storage.capabilities.durability !== 'volatile') {
            storage = await context.reopen(storage);
            const again = await answersOf(storage, KEYS);
            assertEqual(again, after[0], `${what}, ${outcome.status}: answers after reopening`);
          }
          if (outcome.status === 'fulfilled') continue;
          if (outcome.reason instanceof ConformanceError) throw outcome.reason;
          failures += 1;
          assertEqual(after, before, `${what}: answers and revisions after it was refused`);
          const others = events.filter(({ type }) => type !== 'failure');
          assertEqual(others, [], `${what}: the events`);
        }
        assertTrue(failures > 0, `${fault} makes at least one of the changes fail`);
        const end = await context.beginFault(fault, storage);
        const write = CHANGES['candles.write'];
        if (write !== undefined) await rejectionOf(() => write(storage), `a write with ${fault}`);
        await end();
        await storage.candles.remove(KEY);
        await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 2_000, 3) });
        await assertSeries(storage, KEY, sampleMinutes(0, 2_000, 3), `written after ${fault}`);
        await assertSound(storage, `after ${fault}`);
      }
    },
    { ...needs('faults'), timeoutMs: 60_000 },
  ),
];

async function revisionsOf({ candles }: IMarketDataStorage): Promise<string[]> {
  const asked = KEYS.map((key) => ({ ...key, ranges: [{}, { to: minute(5) }] }));
  const snapshots = await candles.snapshots(asked);
  return snapshots.flatMap(({ ranges }) => ranges.map(({ revision }) => revision));
}
