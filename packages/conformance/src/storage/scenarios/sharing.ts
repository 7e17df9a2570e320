import type { SeriesKey } from '@barkeep/core';
import type { CandleBatch, ChangeEvent, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { KEY, minute, minutes, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { collect } from '../storage-operations.ts';
import {
  type StorageContext,
  type StorageScenario,
  scenario,
  shared,
} from '../storage-scenario.ts';
import { assertSeries, listen } from '../stored-state.ts';

const RANGE = minutes(0, 10);

export const sharingScenarios: readonly StorageScenario[] = [
  scenario(
    'sharing/processes',
    'what another process has written is there at once, with its revision, and the other way round',
    async (storage, context) => {
      const elsewhere = await context.startProcess(storage);
      const seen = new Set<unknown>();
      const checkRevision = async (what: string): Promise<void> => {
        if (!storage.capabilities.revisions) return;
        const [here] = await storage.candles.revisions(KEY, [minutes(0, 20)]);
        const there = await elsewhere.call('candles.revisions', KEY, [minutes(0, 20)]);
        assertEqual(there, [here], `the revision over there after ${what}`);
        assertTrue(!seen.has(here), `the revision after ${what} is new, not ${here}`);
        seen.add(here);
      };
      for (let round = 0; round < 6; round += 1) {
        const version = round % 2;
        const [theirs, ours] = [sampleMinutes(0, 10, version), sampleMinutes(10, 20, version)];
        await elsewhere.call('candles.write', { key: KEY, candles: theirs, covers: RANGE });
        await checkRevision(`their write ${round}`);
        const earlier = sampleMinutes(10, round === 0 ? 10 : 20, 1 - version);
        await assertSeries(storage, KEY, [...theirs, ...earlier], `after their write ${round}`);
        assertEqual(await storage.coverage.missing(KEY, RANGE), [], 'what is missing here');
        await storage.candles.write({ key: KEY, candles: ours });
        await checkRevision(`our write ${round}`);
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
    'sharing/reads',
    'every call that reads sees by itself what another handle has changed',
    async (storage, context) => {
      const other = await context.openBeside(storage);
      for (const [i, [name, read]] of [...READS, ...READS].entries()) {
        const [version, what] = [i + 1, `${name} after change ${i}`];
        const batch = { key: KEY, candles: sampleMinutes(0, version, version) };
        await other.candles.write({ ...batch, covers: minutes(0, version) });
        await other.metadata.set(`note-${version}`, version);
        await other.metadata.set('note', version);
        assertEqual(plain(await read(storage)), plain(await read(other)), what);
      }
      const ask = ({ maintenance }: IMarketDataStorage, owner: string) =>
        maintenance?.lease({ name: 'work', owner, forMs: 10_000 });
      if (storage.maintenance === undefined) return;
      const leases = [await ask(storage, 'a'), await ask(other, 'b')];
      assertEqual(leases, [true, false], 'who has a lease');
    },
    shared,
  ),
  scenario(
    'sharing/changes',
    'changes of another process are announced as declared',
    async (storage, context) => {
      const elsewhere = await context.startProcess(storage);
      // The second subscription is no worse than the first.
      storage.changes.subscribe(() => undefined)();
      const events = listen(storage);
      const check = async (what: string, told: readonly Told[]): Promise<void> => {
        if (storage.capabilities.changes === 'process') {
          await elsewhere.call('flush');
          assertEqual(events, [], `the events after ${what}, of this process by declaration`);
          return;
        }
        const isTold = (one: Told): boolean =>
          events.some((event) => event.type === 'lagged' || tells(event, one));
        await waitUntil(() => told.every(isTold), context);
        const untold = told.filter((one) => !isTold(one));
        assertEqual(untold, [], `what is not told of ${what} elsewhere in ${context.arrivalMs} ms`);
        const origins = events.flatMap((event) => ('origin' in event ? event.origin : []));
        assertTrue(!origins.includes('local'), 'changes made elsewhere are not told as made here');
        events.length = 0;
      };
      for (const [path, parameters, ...told] of CHANGES) {
        await elsewhere.call(path, ...parameters);
        await check(path, told);
      }
      // Nobody has looked yet when the compaction comes.
      const beside = await context.openBeside(storage);
      await beside.candles.write(batchesOf(3));
      await beside.maintenance?.compact();
      await check('a write and a compaction', [
        ['candles', KEY, 0, 3],
        ['candles', OTHER_KEY, 0, 3],
      ]);
      await storage.close();
      await elsewhere.call('candles.write', batchesOf(4));
      await new Promise((resolve) => setTimeout(resolve, 100));
      assertEqual(events, [], 'what a closed handle tells');
    },
    shared,
  ),
];

type Told = readonly [type: 'candles' | 'coverage', key: SeriesKey, from: number, to: number];

function tells(event: ChangeEvent, [type, key, from, to]: Told): boolean {
  if (event.type !== type || !isEqual(event.key, key)) return false;
  return event.interval.from <= minute(from) && minute(to) <= event.interval.to;
}

function batchesOf(version: number): CandleBatch[] {
  const candles = sampleMinutes(0, 3, version);
  return [
    { key: KEY, candles, covers: minutes(0, 3) },
    { key: OTHER_KEY, candles },
  ];
}

/** Changes made elsewhere, and what must be told of them here. */
const CHANGES: readonly (readonly [path: string, parameters: unknown[], ...told: Told[]])[] = [
  [
    'candles.write',
    [batchesOf(1)],
    ['candles', KEY, 0, 3],
    ['coverage', KEY, 0, 3],
    ['candles', OTHER_KEY, 0, 3],
  ],
  ['coverage.add', [OTHER_KEY, RANGE, { source: 'a' }], ['coverage', OTHER_KEY, 0, 10]],
  ['coverage.remove', [OTHER_KEY, RANGE], ['coverage', OTHER_KEY, 0, 10]],
  ['candles.remove', [KEY, minutes(1, 2)], ['candles', KEY, 1, 2], ['coverage', KEY, 1, 2]],
  [
    'changes.announce',
    [OTHER_KEY, RANGE],
    ['candles', OTHER_KEY, 0, 10],
    ['coverage', OTHER_KEY, 0, 10],
  ],
  ['candles.write', [batchesOf(2)], ['candles', OTHER_KEY, 0, 3]],
];

const READS = Object.entries<(storage: IMarketDataStorage) => Promise<unknown>>({
  'candles.read': ({ candles }) => candles.read(KEY),
  'candles.readColumns': ({ candles }) => candles.readColumns(KEY, ['close']),
  'candles.readMany': ({ candles }) => candles.readMany([KEY]),
  'candles.scan': ({ candles }) => collect(candles.scan(KEY)),
  'candles.list': ({ candles }) => candles.list(),
  'candles.snapshots': ({ candles }) =>
    candles.snapshots([{ ...KEY, ranges: [{ candles: 'always' }] }]),
  'coverage.of': ({ coverage }) => coverage.of(KEY),
  'coverage.missing': ({ coverage }) => coverage.missing(KEY, minutes(0, 100)),
  'coverage.continuity': ({ coverage }) => coverage.continuity(KEY),
  'metadata.get': ({ metadata }) => metadata.get('note'),
  'metadata.keys': ({ metadata }) => metadata.keys(),
  stats: async (storage) => (await storage.stats()).size.candles,
});

/** With series as lists, so that they can be compared and shown. */
function plain(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer));
}

/** A storage may look by the context's clock, or by the machine's. */
async function waitUntil(
  isDone: () => boolean,
  context: Pick<StorageContext, 'advance' | 'arrivalMs'>,
): Promise<void> {
  const deadline = performance.now() + context.arrivalMs;
  while (!isDone() && performance.now() < deadline) {
    await context.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
