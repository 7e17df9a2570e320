import {
  type Candle,
  type Interval,
  nextTurn,
  type SeriesKey,
  type Timeframe,
  timeframeGrid,
} from '@barkeep/core';
import type {
  IMarketDataStorage,
  SeriesSnapshot,
  SnapshotPart,
  SnapshotRange,
  SnapshotRequest,
} from '@barkeep/storage';
import { assertDefined, assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import {
  KEY,
  minute,
  OTHER_KEY,
  START,
  sampleCandle,
  sampleMinutes,
  samplePeriods,
} from '../sample-candles.ts';
import {
  lasting,
  type StorageContext,
  type StorageScenario,
  scenario,
  shared,
} from '../storage-scenario.ts';
import { SYMBOL_GROUPS } from './symbols.ts';

const RANGE: Interval = { from: minute(0), to: minute(10) };
/** So far away from RANGE that its changes leave the revision of RANGE as it is. */
const FAR: Interval = { from: minute(20_000), to: minute(20_010) };
/** How often a storage changes while it is looked at. */
const ROUNDS = 40;
/** Candles of many chunks, pages or segments. */
const LONG = 8_000;

export const snapshotScenarios: readonly StorageScenario[] = [
  about('extent', 'the extent is from the first candle to the end of the last', async (storage) => {
    for (const timeframe of ['1m', '1h', '1w', '1M', '1y'] satisfies Timeframe[]) {
      const key: SeriesKey = { ...KEY, timeframe };
      const grid = timeframeGrid(timeframe);
      const candles = samplePeriods(key, 7);
      for (const count of [1, 7]) {
        await storage.candles.write({ key, candles: candles.slice(0, count) });
        const { extent } = await snapshotOf(storage, [], key);
        const from = candles[0]?.timestamp ?? 0;
        assertEqual(extent, { from, to: grid.shift(from, count) }, `${timeframe}, ${count}`);
      }
    }
    await storage.candles.remove(KEY, { from: 0, to: minute(5) });
    const cut = { from: minute(5), to: minute(7) };
    assertEqual((await snapshotOf(storage)).extent, cut, 'after the first candles are removed');
    await storage.candles.remove(KEY);
    assertEqual((await snapshotOf(storage)).extent, undefined, 'after all are');
  }),
  about('coverage', 'all coverage is there, whatever the ranges', async (storage) => {
    const { coverage } = storage;
    await coverage.add(
      KEY,
      { from: minute(0), to: minute(3) },
      { source: 'a', collectedAt: START },
    );
    await coverage.add(
      KEY,
      { from: minute(3), to: minute(9) },
      { source: 'b', collectedAt: START },
    );
    await coverage.add(KEY, FAR, { source: 'a', collectedAt: START + 1 });
    await coverage.remove(KEY, { from: minute(5), to: minute(6) });
    await coverage.add(OTHER_KEY, RANGE, { source: 'c' });
    const snapshot = await snapshotOf(storage, [RANGE, { limit: 1, candles: 'always' }]);
    assertEqual(snapshot.coverage, await coverage.of(KEY), 'the coverage');
    assertEqual(snapshot.extent, undefined, 'the extent of a series without candles');
    assertEqual(snapshot.key, KEY, 'the key');
  }),
  about('not-stored', 'a series that is not stored has a snapshot, too', async (storage) => {
    await storage.candles.write({ key: OTHER_KEY, candles: sampleMinutes(0, 3), covers: RANGE });
    const { ranges, ...rest } = await snapshotOf(storage, [{ candles: 'always' }, RANGE]);
    assertEqual(rest, { key: KEY, extent: undefined, coverage: [] }, 'the snapshot');
    assertEqual(ranges.map(candlesOf), [[], undefined], 'its candles');
    for (const { revision } of ranges) assertRevision(revision);
  }),
  about('candles', 'candles are those that a read of the range answers', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 3_000) });
    await storage.candles.write({ key: KEY, candles: sampleMinutes(3_100, 3_110) });
    await storage.candles.write({ key: KEY, candles: sampleMinutes(1_500, 1_510, 1) });
    const bounds: SnapshotRange[] = [
      {},
      { from: minute(5) },
      { to: minute(3_105) },
      { from: minute(2_990), to: minute(3_105) },
      { from: minute(7) + 1, to: minute(9) + 1 },
      { from: minute(3_020), to: minute(3_050) },
      { from: minute(5), to: minute(5) },
      { from: minute(9_000) },
    ];
    const selections: SnapshotRange[] = [
      {},
      { limit: 3 },
      { limit: 3, take: 'first' },
      { limit: 3, take: 'last' },
      { limit: 0 },
      { limit: 100_000 },
    ];
    const asked = bounds.flatMap((range) => selections.map((it) => ({ ...range, ...it })));
    const { ranges } = await snapshotOf(
      storage,
      asked.map((range) => ({ ...range, candles: 'always' })),
    );
    const reads = await storage.candles.readMany(asked.map((range) => ({ ...KEY, ...range })));
    for (const [i, range] of asked.entries()) {
      const [part, read] = [ranges[i], assertDefined(reads[i], 'a read')];
      const what = `from ${range.from} to ${range.to}, ${range.limit} ${range.take}`;
      assertEqual(part && candlesOf(part), read.toArray(), `${what}: candles`);
      assertEqual(part?.candles?.key, KEY, `${what}: the series' key`);
    }
  }),
  about('no-candles', 'there are no candles unless they are asked for', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const { ranges } = await snapshotOf(storage, [{}, RANGE, { limit: 0 }, { candles: 'never' }]);
    assertEqual(ranges.map(candlesOf), Array(4).fill(undefined), 'the candles');
    assertEqual((await snapshotOf(storage)).ranges, [], 'without ranges');
    const [plain] = await storage.candles.snapshots([{ ...KEY }]);
    assertEqual(plain?.ranges, [], 'without a list of ranges');
  }),
  about('unless', 'candles that the caller has are not sent again', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const first = await revisionOf(storage);
    const ask = async (unless: string, rest: SnapshotRange = RANGE) => {
      const part = await partOf(storage, { ...rest, candles: { unless } });
      return candlesOf(part)?.length;
    };
    assertEqual(await ask(first), undefined, 'with the revision of the range');
    assertEqual(await ask(first, { ...RANGE, limit: 0 }), undefined, 'and a limit of 0');
    assertEqual(await ask('another'), 10, 'with another text');
    assertEqual(await ask('', { ...RANGE, limit: 4 }), 4, 'with an empty text and a limit');
    assertEqual(await ask('another', { ...RANGE, limit: 0 }), 0, 'and a limit of 0');
    await storage.candles.write({ key: KEY, candles: sampleMinutes(5, 6, 1) });
    assertEqual(await ask(first), 10, 'with the revision of before a change');
    assertEqual(await ask(await revisionOf(storage)), undefined, 'with that of after it');
  }),
  about('limit', 'a revision is of the whole range, whatever its limit', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 5_000) });
    const range = { from: minute(0), to: minute(5_000) };
    const selections: SnapshotRange[] = [
      {},
      { limit: 1, take: 'first' },
      { limit: 1, take: 'last', candles: 'always' },
      { limit: 0, candles: 'always' },
    ];
    const seen = new Set<string>();
    for (const changed of [0, 2_500, 4_999]) {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(changed, changed + 1, 1) });
      const { ranges } = await snapshotOf(
        storage,
        selections.map((it) => ({ ...range, ...it })),
      );
      const revisions = new Set(ranges.map(({ revision }) => revision));
      assertEqual(revisions.size, 1, `how many revisions after minute ${changed} changed`);
      for (const revision of revisions) seen.add(revision);
    }
    assertEqual(seen.size, 3, 'how many revisions three changes brought');
  }),
  about(
    'revisions',
    'revisions are those that candles.revisions gives',
    async (storage) => {
      const ranges = [
        RANGE,
        FAR,
        { from: minute(3), to: minute(3) },
        { from: 0, to: minute(9_999) },
      ];
      const compare = async (what: string): Promise<void> => {
        const snapshot = await snapshotOf(storage, ranges);
        const revisions = snapshot.ranges.map(({ revision }) => revision);
        assertEqual(revisions, await storage.candles.revisions(KEY, ranges), what);
      };
      await compare('of a series that is not stored');
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
      await compare('after a write');
      await storage.candles.write({ key: KEY, candles: sampleMinutes(20_000, 20_001) });
      await compare('after a write far away');
      const farApart = [...sampleMinutes(-2_000_000, -1_999_999), ...sampleMinutes(5, 6, 1)];
      await storage.candles.write({ key: KEY, candles: farApart });
      await compare('after a write of candles far apart');
      await storage.candles.remove(KEY, { from: minute(5), to: minute(6) });
      await compare('after a removal');
      await storage.changes.announce(KEY);
      await compare('after all of time was announced');
    },
    {
      requires: ({ revisions }) => (revisions ? undefined : 'revisions are not declared'),
    },
  ),
  about(
    'revision-new',
    'every change of candles in the range is a new revision',
    async (storage) => {
      const seen = new Set<string>();
      const mustBeNew = async (what: string): Promise<void> => {
        const revision = await revisionOf(storage);
        assertRevision(revision);
        assertTrue(!seen.has(revision), `${what}: the revision ${revision} is new`);
        seen.add(revision);
      };
      await mustBeNew('before anything');
      for (const version of [0, 1, 0, 1]) {
        await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10, version) });
        await mustBeNew(`with version ${version}`);
      }
      await storage.candles.write({ key: KEY, candles: sampleMinutes(-5, 1, 2) });
      await mustBeNew('after a write that ends in the range');
      await storage.candles.remove(KEY, { from: minute(9), to: minute(10) });
      await mustBeNew('without the last candle');
      await storage.candles.remove(KEY);
      await mustBeNew('without any');
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10, 1) });
      await mustBeNew('with all of them again');
      await storage.changes.announce(KEY, { from: minute(2), to: minute(3) });
      await mustBeNew('after an announcement');
      await storage.changes.announce(KEY);
      await mustBeNew('after an announcement of all of time');
    },
  ),
  about(
    'revision-kept',
    'what changes no candle of the range keeps its revision',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
      await storage.candles.write({ key: KEY, candles: sampleMinutes(20_000, 20_010) });
      const before = await revisionOf(storage);
      const kept = async (what: string): Promise<void> =>
        assertEqual(await revisionOf(storage), before, `the revision after ${what}`);
      await storage.candles.write({ key: KEY, candles: sampleMinutes(3, 8), covers: RANGE });
      await kept('the same candles again');
      await storage.coverage.add(KEY, RANGE, { source: 'b' });
      await storage.coverage.remove(KEY);
      await kept('changes of coverage');
      await storage.candles.remove(KEY, FAR);
      await kept('a removal far away');
      await storage.candles.write({ key: OTHER_KEY, candles: sampleMinutes(0, 10) });
      await storage.candles.write({
        key: { ...KEY, timeframe: '5m' },
        candles: samplePeriods({ ...KEY, timeframe: '5m' }, 3),
      });
      await kept('writes of other series');
      const bad = [...sampleMinutes(0, 5, 1), { ...sampleCandle(minute(6), 1), volume: -1 }];
      await assertRejects(
        () => storage.candles.write({ key: KEY, candles: bad }),
        'INVALID_INPUT',
        'the write',
      );
      await kept('a write that was refused');
      await storage.maintenance?.compact();
      await kept('a compaction');
    },
  ),
  about('many', 'a thousand requests are answered in their order', async (storage) => {
    const keyOf = (i: number): SeriesKey => ({ symbol: `S${i}`, timeframe: '1m' });
    await storage.candles.write(
      Array.from({ length: 500 }, (_, i) => ({
        key: keyOf(i),
        candles: sampleMinutes(i, i + 2),
        covers: { from: minute(i), to: minute(i + 1) },
      })),
    );
    // Some twice, half of them not stored, and some with more ranges than others.
    const numbers = Array.from({ length: 1_000 }, (_, i) => (i % 7 === 0 ? 3 : (i * 37) % 1_000));
    const snapshots = await storage.candles.snapshots(
      numbers.map(
        (i): SnapshotRequest => ({
          ...keyOf(i),
          ranges: Array.from({ length: i % 3 }, (_, k) => ({
            from: minute(i + k),
            candles: 'always',
          })),
        }),
      ),
    );
    assertEqual(snapshots.length, numbers.length, 'how many snapshots there are');
    for (const [at, i] of numbers.entries()) {
      const isStored = i < 500;
      const { key, extent, coverage, ranges } = assertDefined(snapshots[at], 'a snapshot');
      const candles = isStored ? sampleMinutes(i, i + 2) : [];
      assertEqual(key, keyOf(i), `the key of request ${at}`);
      assertEqual(
        extent,
        isStored ? { from: minute(i), to: minute(i + 2) } : undefined,
        `the extent of request ${at}`,
      );
      assertEqual(coverage.length, isStored ? 1 : 0, `the coverage of request ${at}`);
      assertEqual(
        ranges.map(candlesOf),
        Array.from({ length: i % 3 }, (_, k) => candles.slice(k)),
        `the candles of request ${at}`,
      );
    }
    assertEqual(await storage.candles.snapshots([]), [], 'without requests');
  }),
  about('many-ranges', 'hundreds of ranges are answered in their order', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 5_000) });
    const starts = Array.from({ length: 400 }, (_, i) => (i * 137) % 5_000);
    const { ranges } = await snapshotOf(
      storage,
      starts.map((at) => ({ from: minute(at), to: minute(at + 3), candles: 'always' })),
    );
    assertEqual(
      ranges.map(candlesOf),
      starts.map((at) => sampleMinutes(at, Math.min(at + 3, 5_000))),
      'the candles',
    );
  }),
  about('symbols', 'symbols are opaque in snapshots, too', async (storage) => {
    for (const symbols of Object.values(SYMBOL_GROUPS)) {
      const keys = symbols.map((symbol): SeriesKey => ({ symbol, timeframe: '1m' }));
      await storage.candles.write(
        keys.map((key, i) => ({ key, candles: sampleMinutes(i, i + 2, i), covers: RANGE })),
      );
      const ranges: SnapshotRange[] = [{ candles: 'always' }];
      const snapshots = await storage.candles.snapshots(keys.map((key) => ({ ...key, ranges })));
      assertEqual(
        snapshots.map(({ key, ranges: [part] }) => ({ key, candles: part && candlesOf(part) })),
        keys.map((key, i) => ({ key, candles: sampleMinutes(i, i + 2, i) })),
        'the snapshots',
      );
      await Promise.all(keys.map((key) => storage.candles.remove(key)));
    }
  }),
  about('read-your-writes', 'a snapshot is of every change that resolved', async (storage) => {
    for (let i = 1; i <= 30; i += 1) {
      const covered = { from: minute(0), to: minute(i) };
      await storage.candles.write({ key: KEY, candles: sampleMinutes(i - 1, i), covers: covered });
      await assertState(storage, i, 0, `after write ${i}`);
    }
    await storage.candles.remove(KEY, { from: minute(20), to: minute(30) });
    await assertState(storage, 20, 0, 'after a removal');
    await storage.coverage.remove(KEY);
    assertEqual((await snapshotOf(storage)).coverage, [], 'after coverage is removed');
  }),
  about('own-memory', 'what a snapshot hands out is the caller’s alone', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10), covers: RANGE });
    const look = () =>
      snapshotOf(storage, [{ candles: 'always' }, { ...RANGE, candles: 'always' }]);
    const { ranges, coverage } = await look();
    for (const { candles } of ranges) candles?.close.fill(-1);
    for (const entry of coverage) Object.assign(entry, { from: 0 });
    (coverage as unknown[]).length = 0;
    const again = await look();
    const expected = sampleMinutes(0, 10);
    assertEqual(again.ranges.map(candlesOf), [expected, expected], 'the candles, asked again');
    const [entry] = again.coverage;
    assertEqual(entry && { from: entry.from, to: entry.to }, RANGE, 'the coverage, asked again');
  }),
  about('one-state', 'a snapshot is of one state, whoever writes meanwhile', async (storage) => {
    await lookWhile(storage, storage, async (round) => {
      await storage.candles.write(stateOf(round));
    });
  }),
  about('one-state-removals', 'and whoever removes', async (storage) => {
    let emptied = 0;
    await lookWhile(storage, storage, async (round) => {
      await storage.candles.write(stateOf(round));
      await pause(round);
      await storage.candles.remove(KEY);
      emptied += 1;
    });
    assertEqual(emptied, ROUNDS, 'how often all was removed');
  }),
  about('one-state-coverage', 'and whoever changes coverage', async (storage) => {
    // Coverage follows the candles with each change, and is taken back before the next.
    const check = ({ extent, coverage, ranges: [part] }: SeriesSnapshot): void => {
      const candles = (part && candlesOf(part)) ?? [];
      const [entry] = coverage;
      const end = candles.length === 0 ? minute(0) : minute(candles.length);
      assertEqual(extent?.to ?? minute(0), end, 'the end of the candles');
      if (entry !== undefined) assertEqual(entry.to, end, 'the end of the coverage');
    };
    await lookAt(storage, check, async () => {
      for (let round = 1; round <= ROUNDS; round += 1) {
        await storage.candles.write({ key: KEY, candles: sampleMinutes(0, round) });
        await storage.coverage.add(
          KEY,
          { from: minute(0), to: minute(round) },
          { source: 'a', collectedAt: START },
        );
        await pause(round);
        await storage.coverage.remove(KEY);
        await pause(round + 1);
      }
    });
  }),
  about(
    'one-state-compaction',
    'and whatever is compacted',
    async (storage) => {
      const maintenance = assertDefined(storage.maintenance, 'storage.maintenance');
      for (let i = 0; i < 40; i += 1) {
        await storage.candles.write({ key: KEY, candles: sampleMinutes(i * 100, i * 100 + 99) });
      }
      const expected = (await storage.candles.read({ ...KEY })).toArray();
      const revision = (await partOf(storage, {})).revision;
      const check = ({ extent, ranges: [part] }: SeriesSnapshot): void => {
        assertEqual(extent, { from: minute(0), to: minute(3_999) }, 'the extent');
        assertEqual(part && candlesOf(part), expected, 'the candles');
        assertEqual(part?.revision, revision, 'the revision');
      };
      await lookAt(storage, check, async () => {
        await maintenance.compact();
      });
    },
    { requires: ({ maintenance }) => (maintenance ? undefined : 'maintenance is not declared') },
  ),
  about('one-state-long', 'a long one, too', async (storage) => {
    const batchOf = (version: number) => ({
      key: KEY,
      candles: sampleMinutes(0, LONG, version),
      covers: { from: minute(0), to: minute(LONG) },
      source: `v${version}`,
    });
    const versions = [0, 1, 2].map((version) => sampleMinutes(0, LONG, version)[0]?.open);
    await storage.candles.write(batchOf(0));
    const check = ({ coverage, ranges: [part] }: SeriesSnapshot): void => {
      const { open, length } = assertDefined(part?.candles, 'the candles');
      const version = versions.indexOf(open[0]);
      assertEqual(length, LONG, 'how many candles there are');
      assertEqual(open.at(-1), sampleMinutes(LONG - 1, LONG, version)[0]?.open, 'the last candle');
      assertEqual(coverage[0]?.source, `v${version}`, 'the coverage');
    };
    await lookAt(storage, check, async () => {
      for (const version of [1, 2, 0, 1]) {
        await storage.candles.write(batchOf(version));
        await nextTurn();
      }
    });
  }),
  about(
    'shared-one-state',
    'a snapshot is of one state, whoever writes through another handle',
    async (storage, context) => {
      const other = await context.openBeside(storage);
      await lookWhile(storage, other, async (round) => {
        await other.candles.write(stateOf(round));
        if (round % 5 === 0) await other.candles.remove(KEY);
      });
    },
    shared,
  ),
  about(
    'shared-read-their-writes',
    'a snapshot is of every change that resolved in another handle',
    async (storage, context) => {
      const other = await context.openBeside(storage);
      const seen = new Set<string>();
      for (let i = 1; i <= 20; i += 1) {
        await other.candles.write(stateOf(i));
        await assertState(storage, i, i, `after write ${i} elsewhere`);
        const revision = await revisionOf(storage);
        assertTrue(!seen.has(revision), `the revision ${revision} is new`);
        assertEqual(await revisionOf(other), revision, 'the revision over there');
        seen.add(revision);
      }
      await other.candles.remove(KEY);
      assertEqual((await snapshotOf(storage)).extent, undefined, 'after a removal elsewhere');
    },
    shared,
  ),
  about('invalid', 'bad requests and ranges are refused', async ({ candles }) => {
    const ranges = (range: unknown) => ({ ...KEY, ranges: [{}, range] });
    const bad: [what: string, request: unknown, details: object][] = [
      ['nothing', null, { field: 'request' }],
      ['an unknown option', { ...KEY, range: [] }, { field: 'request' }],
      ['an empty symbol', { ...KEY, symbol: '' }, { field: 'symbol' }],
      ['no list of ranges', { ...KEY, ranges: RANGE }, { field: 'ranges' }],
      ['no range', ranges(7), { field: 'range', index: 1 }],
      ['a misspelled bound', ranges({ form: 0 }), { field: 'range', index: 1 }],
      ['a fraction', ranges({ from: 0.5 }), { field: 'from', index: 1 }],
      ['upside down', ranges({ from: 2, to: 1 }), { field: 'from', index: 1 }],
      ['seconds', ranges({ from: START / 1_000 + 1 }), { field: 'from', index: 1 }],
      ['a negative limit', ranges({ limit: -1 }), { field: 'limit', index: 1 }],
      ['an unknown end', ranges({ take: 'all' }), { field: 'take', index: 1 }],
      ['an unknown wish', ranges({ candles: true }), { field: 'candles', index: 1 }],
      ['no revision', ranges({ candles: { unless: 1 } }), { field: 'unless', index: 1 }],
    ];
    for (const [what, request, details] of bad) {
      await assertRejects(
        () => candles.snapshots([KEY, request] as SnapshotRequest[]),
        'INVALID_INPUT',
        what,
        { ...details, batch: 1 },
      );
    }
    await assertRejects(
      () => candles.snapshots(KEY as unknown as SnapshotRequest[]),
      'INVALID_INPUT',
      'no list of requests',
      { field: 'requests' },
    );
  }),
  about(
    'reopen',
    'a snapshot is the same after reopening',
    async (storage, context) => {
      await storage.candles.write(stateOf(7));
      const [before, { revisions }] = [await lookAtAll(storage), storage.capabilities];
      const after = await lookAtAll(await context.reopen(storage));
      assertEqual(after.extent, before.extent, 'the extent');
      assertEqual(after.coverage, before.coverage, 'the coverage');
      assertEqual(after.ranges.map(candlesOf), before.ranges.map(candlesOf), 'the candles');
      const isSame = after.ranges[0]?.revision === before.ranges[0]?.revision;
      assertEqual(isSame, revisions, 'whether the revision is the same, as declared');
    },
    lasting,
  ),
];

/** Candles and coverage that belong together: nothing else has so many candles with these values. */
function stateOf(version: number) {
  return {
    key: KEY,
    candles: sampleMinutes(0, version, version),
    covers: { from: minute(0), to: minute(version) },
    source: `v${version}`,
  };
}

/** Asserts that a storage shows so many candles of a version, covered to the last, and nothing else. */
async function assertState(
  storage: IMarketDataStorage,
  count: number,
  version: number,
  what: string,
): Promise<void> {
  const { extent, coverage, ranges } = await lookAtAll(storage);
  const range = { from: minute(0), to: minute(count) };
  assertEqual(extent, range, `${what}: the extent`);
  assertEqual(coverage.map(intervalOf), [range], `${what}: the coverage`);
  const [part] = ranges;
  assertEqual(part && candlesOf(part), sampleMinutes(0, count, version), `${what}: the candles`);
}

/** Runs rounds of changes through one handle, and takes snapshots through another all the time. */
async function lookWhile(
  reader: IMarketDataStorage,
  writer: IMarketDataStorage,
  change: (round: number) => Promise<void>,
): Promise<void> {
  const candlesByRevision = new Map<string, Candle[]>();
  const check = ({ extent, coverage, ranges: [part] }: SeriesSnapshot): void => {
    const candles = (part && candlesOf(part)) ?? [];
    const { length } = candles;
    // The candles say which state it is; all else must be of the same.
    const range = { from: minute(0), to: minute(length) };
    assertEqual(candles, sampleMinutes(0, length, length), 'the candles of one write');
    assertEqual(extent, length === 0 ? undefined : range, 'the extent of their state');
    assertEqual(
      coverage.map(({ from, to, source }) => ({ from, to, source })),
      length === 0 ? [] : [{ ...range, source: `v${length}` }],
      'the coverage of their state',
    );
    const revision = assertDefined(part?.revision, 'the revision');
    assertEqual(
      candles,
      candlesByRevision.get(revision) ?? candles,
      `the candles of the revision ${revision}`,
    );
    candlesByRevision.set(revision, candles);
  };
  await lookAt(reader, check, async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      await change(round);
      await pause(Math.floor(round / 3));
    }
  });
  check(await lookAtAll(writer));
}

/** None, a short one or a long one: what goes on in one thread only meets others at either. */
async function pause(kind: number): Promise<void> {
  if (kind % 3 === 1) await Promise.resolve();
  if (kind % 3 === 2) await nextTurn();
}

/** Takes snapshots of everything until the changes have ended, and checks each. */
async function lookAt(
  storage: IMarketDataStorage,
  check: (snapshot: SeriesSnapshot) => void,
  change: () => Promise<void>,
): Promise<void> {
  let isChanging = true;
  const looking = async (): Promise<void> => {
    for (let i = 0; isChanging; i += 1) {
      await pause(i);
      check(await lookAtAll(storage));
    }
  };
  const changing = change().finally(() => {
    isChanging = false;
  });
  await Promise.all([changing, looking(), looking()]);
  check(await lookAtAll(storage));
}

function lookAtAll(storage: IMarketDataStorage): Promise<SeriesSnapshot> {
  return snapshotOf(storage, [{ candles: 'always' }]);
}

async function snapshotOf(
  { candles }: IMarketDataStorage,
  ranges: readonly SnapshotRange[] = [],
  key: SeriesKey = KEY,
): Promise<SeriesSnapshot> {
  const [snapshot, ...more] = await candles.snapshots([{ ...key, ranges }]);
  assertEqual(more, [], 'snapshots that nobody asked for');
  const known = assertDefined(snapshot, 'the snapshot');
  assertEqual(known.ranges.length, ranges.length, 'how many ranges the snapshot has');
  return known;
}

async function partOf(storage: IMarketDataStorage, range: SnapshotRange): Promise<SnapshotPart> {
  const { ranges } = await snapshotOf(storage, [range]);
  return assertDefined(ranges[0], 'the range');
}

async function revisionOf(storage: IMarketDataStorage): Promise<string> {
  return (await partOf(storage, RANGE)).revision;
}

function candlesOf({ candles }: SnapshotPart): Candle[] | undefined {
  return candles?.toArray();
}

function intervalOf({ from, to }: Interval): Interval {
  return { from, to };
}

function assertRevision(text: string): void {
  assertTrue(/^[0-9A-Za-z.:_-]{1,128}$/.test(text), `a short text: ${JSON.stringify(text)}`);
}

function about(
  key: string,
  title: string,
  run: (storage: IMarketDataStorage, context: StorageContext) => Promise<void>,
  rest: Pick<StorageScenario, 'requires'> = {},
): StorageScenario {
  return scenario(`snapshots/${key}`, title, run, rest);
}
