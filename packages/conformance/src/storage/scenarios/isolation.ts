import { type Candle, nextTurn, type SeriesKey } from '@barkeep/core';
import type { CandleBatch, IMarketDataStorage, SeriesSnapshot } from '@barkeep/storage';
import { assertDefined, assertEqual } from '../../assertions.ts';
import { KEY, minute, minutes, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario, shared, whereDeclared } from '../storage-scenario.ts';
import { assertSeries } from '../stored-state.ts';

/** How often a storage changes while it is looked at. */
const ROUNDS = 40;
/** How many candles each write has more than the one before: the last ones more than a thousand. */
const GROWTH = 30;
/** Candles of many chunks, pages or segments. */
const LONG = 8_000;

/** Changes made through a handle of the same storage, here or in another process. */
interface Writer {
  write(batches: CandleBatch | readonly CandleBatch[]): Promise<unknown>;
  remove(key: SeriesKey): Promise<unknown>;
}

export const isolationScenarios: readonly StorageScenario[] = [
  scenario('isolation/writes', 'answers are of one state while it is written to', (storage) =>
    lookWhile(storage, storage.candles),
  ),
  scenario('isolation/coverage', 'also while coverage comes and goes', async (storage) => {
    const { candles, coverage } = storage;
    // Coverage follows the candles with each change, and is taken back before the next.
    const check = (snapshot: SeriesSnapshot): void => {
      const end = minute(candlesOf(snapshot).length);
      assertEqual(snapshot.extent?.to ?? minute(0), end, 'the end of the candles');
      const [entry] = snapshot.coverage;
      if (entry !== undefined) assertEqual(entry.to, end, 'the end of the coverage');
    };
    await lookAt(storage, check, async () => {
      for (let round = 1; round <= ROUNDS; round += 1) {
        await candles.write({ key: KEY, candles: sampleMinutes(0, round) });
        await coverage.add(KEY, minutes(0, round), { source: 'a' });
        await pause(round);
        await coverage.remove(KEY);
        await pause(round + 1);
      }
    });
  }),
  scenario('isolation/long', 'also where they are long', async (storage) => {
    const batchOf = (version: number) => [
      { key: OTHER_KEY, candles: sampleMinutes(0, 10, version) },
      stateOf(KEY, LONG, version),
    ];
    const versions = [0, 1, 2].map((version) => sampleMinutes(0, LONG, version));
    const assertOne = (candles: readonly Candle[], what: string): number => {
      const version = versions.findIndex(([first]) => first?.open === candles[0]?.open);
      assertEqual(candles, versions[version], `${what}: the candles of one version`);
      return version;
    };
    await storage.candles.write(batchOf(0));
    const check = async (snapshot: SeriesSnapshot): Promise<void> => {
      const version = assertOne(candlesOf(snapshot), 'a snapshot');
      assertEqual(snapshot.coverage[0]?.source, `v${version}`, 'the coverage of its state');
      assertOne((await storage.candles.read({ ...KEY })).toArray(), 'a read');
      const columns = await storage.candles.readColumns({ ...KEY }, ['open', 'volume']);
      const ofOne = versions.find(([first]) => first?.open === columns.open[0]);
      const expected = Float64Array.from(ofOne ?? [], ({ volume }) => volume);
      assertEqual(columns.volume, expected, 'the volumes beside the prices of a version');
    };
    await lookAt(storage, check, async () => {
      for (const version of [1, 2, 0, 1]) {
        await storage.candles.write(batchOf(version));
        await nextTurn();
      }
    });
  }),
  scenario(
    'isolation/compaction',
    'also while it is compacted',
    async (storage) => {
      const maintenance = assertDefined(storage.maintenance, 'storage.maintenance');
      for (let i = 0; i < 40; i += 1) {
        await storage.candles.write({ key: KEY, candles: sampleMinutes(i * 100, i * 100 + 99) });
      }
      const before = await lookAtAll(storage);
      const check = ({ extent, ranges: [part] }: SeriesSnapshot): void => {
        assertEqual(extent, { from: minute(0), to: minute(3_999) }, 'the extent');
        const candles = part?.candles?.toArray();
        assertEqual(candles, candlesOf(before), 'the candles');
        assertEqual(part?.revision, before.ranges[0]?.revision, 'the revision');
      };
      await lookAt(storage, check, async () => {
        await maintenance.compact();
      });
    },
    whereDeclared(({ maintenance }) => maintenance, 'maintenance is not declared'),
  ),
  scenario('isolation/many-writers', 'of changes at the same time none is lost', (storage) =>
    writeAtOnce(storage, [storage]),
  ),
  scenario(
    'isolation/other-handle',
    'all of this holds while another handle writes',
    async (storage, context) => {
      const other = await context.openBeside(storage);
      await lookWhile(storage, other.candles);
      await writeAtOnce(storage, [storage, other]);
    },
    shared,
  ),
  scenario(
    'isolation/other-process',
    'and while another process writes',
    async (storage, context) => {
      const elsewhere = await context.startProcess(storage);
      await lookWhile(storage, {
        write: (batches) => elsewhere.call('candles.write', batches),
        remove: (key) => elsewhere.call('candles.remove', key),
      });
    },
    shared,
  ),
];

/** Candles and coverage that belong together. */
function stateOf(key: SeriesKey, length: number, version: number): CandleBatch {
  const candles = sampleMinutes(0, length, version);
  return { key, candles, covers: minutes(0, length), source: `v${version}` };
}

/** Runs rounds of changes through a writer, and looks through a handle all the time. */
async function lookWhile(reader: IMarketDataStorage, writer: Writer): Promise<void> {
  const candlesByRevision = new Map<string, readonly Candle[]>();
  const check = async (snapshot: SeriesSnapshot): Promise<void> => {
    const candles = candlesOf(snapshot);
    const { length } = candles;
    const version = length / GROWTH;
    // The candles say which state it is; all else must be of the same.
    const range = minutes(0, length);
    assertEqual(candles, sampleMinutes(0, length, version), 'the candles of one write');
    const first = snapshot.ranges[1]?.candles?.toArray();
    assertEqual(first, candles.slice(0, 1), 'the candles of another range');
    assertEqual(snapshot.extent, length === 0 ? undefined : range, 'the extent of their state');
    const coverage = snapshot.coverage.map(({ collectedAt: _, ...entry }) => entry);
    const covered = length === 0 ? [] : [{ ...range, source: `v${version}` }];
    assertEqual(coverage, covered, 'the coverage of their state');
    const revision = assertDefined(snapshot.ranges[0]?.revision, 'the revision');
    const known = candlesByRevision.get(revision) ?? candles;
    assertEqual(candles, known, `the candles of the revision ${revision}`);
    candlesByRevision.set(revision, candles);
    const [listed] = await reader.candles.list({ ...KEY });
    if (listed === undefined) return;
    assertEqual(listed.last, minute(listed.count - 1), 'the last candle beside the count');
  };
  await lookAt(reader, check, async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { candles, ...cover } = stateOf(KEY, round * GROWTH, round);
      const parts = [
        { key: KEY, candles },
        { ...cover, candles: [] },
      ];
      await writer.write(round % 2 === 0 ? { ...cover, candles } : parts);
      const { length } = candlesOf(await lookAtAll(reader));
      assertEqual(length, round * GROWTH, 'how many candles there are after a write');
      await pause(Math.floor(round / 3));
      if (round % 5 === 0) await writer.remove(KEY);
    }
  });
}

/** Writes, coverage and documents at the same time, through several handles. */
async function writeAtOnce(
  storage: IMarketDataStorage,
  handles: readonly IMarketDataStorage[],
): Promise<void> {
  await storage.candles.remove(KEY);
  const handleOf = (i: number): IMarketDataStorage => handles[i % handles.length] ?? storage;
  const numbers = Array.from({ length: 40 }, (_, i) => i);
  const [results] = await Promise.all([
    Promise.all(
      numbers.map((i) =>
        handleOf(i).candles.write({ key: KEY, candles: sampleMinutes(i * 25, i * 25 + 25) }),
      ),
    ),
    ...numbers.flatMap((i) => [
      handleOf(i).coverage.add(OTHER_KEY, minutes(2 * i, 2 * i + 1), { source: 'a' }),
      handleOf(i + 1).coverage.add(OTHER_KEY, minutes(2 * i + 1, 2 * i + 2), { source: 'b' }),
      handleOf(i).metadata.set(`note-${i}`, i),
    ]),
  ]);
  const inserted = results.reduce((sum, result) => sum + result.inserted, 0);
  assertEqual(inserted, 1_000, 'how many candles were inserted');
  await assertSeries(storage, KEY, sampleMinutes(0, 1_000), 'after all writes');
  const missing = await storage.coverage.missing(OTHER_KEY, minutes(0, 80));
  assertEqual(missing, [], 'what is not covered');
  assertEqual((await storage.metadata.keys('note-')).length, 40, 'how many documents there are');
  const versions = [1, 2, 3, 4, 5].map((version) => sampleMinutes(0, 3_000, version));
  await Promise.all(
    versions.map((all, i) => handleOf(i).candles.write({ key: KEY, candles: all })),
  );
  const candles = (await storage.candles.read({ ...KEY })).toArray();
  const winner = versions.find(([first]) => first?.open === candles[0]?.open);
  assertEqual(candles, winner, 'the candles of one of several writes of the same');
}

/** None, a short one or a long one: what goes on in one thread only meets others at either. */
async function pause(kind: number): Promise<void> {
  if (kind % 3 === 1) await Promise.resolve();
  if (kind % 3 === 2) await nextTurn();
}

/** Takes snapshots of everything until the changes have ended, and checks each. */
async function lookAt(
  storage: IMarketDataStorage,
  check: (snapshot: SeriesSnapshot) => void | Promise<void>,
  change: () => Promise<void>,
): Promise<void> {
  let isChanging = true;
  const looking = async (): Promise<void> => {
    for (let i = 0; isChanging; i += 1) {
      await pause(i);
      await check(await lookAtAll(storage));
    }
  };
  const changing = change().finally(() => {
    isChanging = false;
  });
  await Promise.all([changing, looking(), looking()]);
  await check(await lookAtAll(storage));
}

async function lookAtAll({ candles }: IMarketDataStorage): Promise<SeriesSnapshot> {
  const all = { candles: 'always' } as const;
  const ranges = [all, { ...all, limit: 1, take: 'first' as const }];
  const [snapshot] = await candles.snapshots([{ ...KEY, ranges }]);
  return assertDefined(snapshot, 'the snapshot');
}

function candlesOf({ ranges: [part] }: SeriesSnapshot): Candle[] {
  return part?.candles?.toArray() ?? [];
}
