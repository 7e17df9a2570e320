import { assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { KEY, minutes, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario, shared } from '../storage-scenario.ts';
import { assertSeries, listen } from '../stored-state.ts';

const RANGE = minutes(0, 10);
/** By the machine's clock: how long the changes of another process may take to arrive. */
const LONGEST_WAIT_MS = 15_000;

export const sharingScenarios: readonly StorageScenario[] = [
  scenario(
    'sharing/processes',
    'what another process has written is there at once, and the other way round',
    async (storage, context) => {
      const elsewhere = await context.startProcess(storage);
      for (let round = 0; round < 5; round += 1) {
        const [theirs, ours] = [sampleMinutes(0, 10, round), sampleMinutes(10, 20, round)];
        await elsewhere.call('candles.write', { key: KEY, candles: theirs, covers: RANGE });
        const earlier = sampleMinutes(10, round === 0 ? 10 : 20, round - 1);
        await assertSeries(storage, KEY, [...theirs, ...earlier], `after their write ${round}`);
        assertEqual(await storage.coverage.missing(KEY, RANGE), [], 'what is missing here');
        await storage.candles.write({ key: KEY, candles: ours });
        const read = await elsewhere.call('candles.read', { ...KEY });
        assertEqual(read, [...theirs, ...ours], `what they read after our write ${round}`);
        await storage.coverage.remove(KEY);
        const missing = await elsewhere.call('coverage.missing', KEY, RANGE);
        assertEqual(missing, [RANGE], 'what is missing there');
      }
      await elsewhere.call('metadata.set', 'note', { from: 'elsewhere' });
      assertEqual(await storage.metadata.get('note'), { from: 'elsewhere' }, 'their document');
      await elsewhere.call('candles.remove', KEY);
      assertEqual(await storage.candles.list(), [], 'the series after they removed it');
    },
    shared,
  ),
  scenario(
    'sharing/revisions',
    'revisions are the same in every process, and no two changes have one',
    async (storage, context) => {
      const elsewhere = await context.startProcess(storage);
      const seen = new Set<string>();
      for (let round = 0; round < 12; round += 1) {
        const batch = { key: KEY, candles: sampleMinutes(0, 10, round % 2) };
        if (round % 3 === 0) await elsewhere.call('candles.write', batch);
        else await storage.candles.write(batch);
        const [here] = await storage.candles.revisions(KEY, [RANGE]);
        const there = await elsewhere.call('candles.revisions', KEY, [RANGE]);
        assertEqual(there, [here], `the revision over there after write ${round}`);
        assertTrue(!seen.has(`${here}`), `the revision after write ${round} is new, not ${here}`);
        seen.add(`${here}`);
      }
    },
    {
      requires: (capabilities, harness) =>
        shared.requires?.(capabilities, harness) ??
        (capabilities.revisions ? undefined : 'revisions are not declared'),
    },
  ),
  scenario(
    'sharing/changes',
    'changes of another process are announced as declared',
    async (storage, context) => {
      const elsewhere = await context.startProcess(storage);
      const events = listen(storage);
      const batch = { key: KEY, candles: sampleMinutes(0, 3), covers: minutes(0, 3) };
      await elsewhere.call('candles.write', batch);
      await elsewhere.call('coverage.add', OTHER_KEY, RANGE, { source: 'a' });
      await elsewhere.call('candles.remove', KEY, minutes(1, 2));
      await elsewhere.call('changes.announce', OTHER_KEY, RANGE);
      const about = (type: string, key: object) =>
        events.filter((event) => event.type === type && 'key' in event && isEqual(event.key, key));
      const isAllThere = (): boolean =>
        events.some(({ type }) => type === 'lagged') ||
        (about('candles', KEY).length >= 2 &&
          about('coverage', KEY).length >= 1 &&
          about('coverage', OTHER_KEY).length >= 2 &&
          about('candles', OTHER_KEY).length >= 1);
      if (storage.capabilities.changes === 'process') {
        await elsewhere.call('flush');
        assertEqual(events, [], 'the events, of this process by declaration');
        return;
      }
      await waitUntil(isAllThere, context);
      assertTrue(isAllThere(), `every change is heard of within ${LONGEST_WAIT_MS} ms`);
      for (const event of events) {
        if ('origin' in event) assertEqual(event.origin, 'remote', 'where an event comes from');
      }
    },
    shared,
  ),
];

/** A storage may look by the context's clock, or by the machine's. */
async function waitUntil(
  isDone: () => boolean,
  context: { advance(ms: number): Promise<void> },
): Promise<void> {
  const deadline = performance.now() + LONGEST_WAIT_MS;
  while (!isDone() && performance.now() < deadline) {
    await context.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
