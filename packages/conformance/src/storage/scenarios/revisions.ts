import {
  type Interval,
  nextTurn,
  type SeriesKey,
  type Timeframe,
  timeframeGrid,
} from '@barkeep/core';
import type { IMarketDataStorage, StorageCapabilities } from '@barkeep/storage';
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
} from '../storage-scenario.ts';
import { SYMBOL_GROUPS } from './symbols.ts';

const RANGE: Interval = { from: minute(0), to: minute(10) };
/** So far away from RANGE that its changes leave the revision of RANGE as it is. */
const FAR: Interval = { from: minute(20_000), to: minute(20_010) };
const FAR_CANDLES = sampleMinutes(20_000, 20_010);
const EVER: Interval = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

const whereDeclared = {
  requires: ({ revisions }: StorageCapabilities) =>
    revisions ? undefined : 'revisions are not declared',
};

const whereLasting: Pick<StorageScenario, 'requires'> = {
  requires: (capabilities) =>
    whereDeclared.requires(capabilities) ?? lasting.requires?.(capabilities, {}),
};

export const revisionScenarios: readonly StorageScenario[] = [
  declared('text', 'a revision is a short text of plain characters', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10_000) });
    const ranges = [RANGE, FAR, EVER, { from: minute(3), to: minute(3) }];
    const texts = await storage.candles.revisions(KEY, ranges);
    assertEqual(texts.length, ranges.length, 'the number of texts');
    for (const text of texts) {
      assertTrue(/^[0-9A-Za-z.:_-]{1,128}$/.test(text), `a short text: ${JSON.stringify(text)}`);
    }
    assertEqual(await storage.candles.revisions(KEY, ranges), texts, 'the texts, asked again');
    assertEqual(await storage.candles.revisions(KEY, []), [], 'those of no range');
  }),
  declared('insert', 'a candle more is a new revision', async (storage) => {
    const history = new History(storage);
    await history.mustBeNew('before anything');
    for (const i of [0, 9, 4]) {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(i, i + 1) });
      await history.mustBeNew(`with minute ${i}`);
    }
  }),
  declared('update', 'a changed value is a new revision', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const history = new History(storage);
    await history.mustBeNew('before the update');
    const changed = sampleMinutes(5, 6).map((candle) => ({ ...candle, volume: 0.5 }));
    await storage.candles.write({ key: KEY, candles: changed });
    await history.mustBeNew('after it');
  }),
  declared('remove', 'a removal is a new revision', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const history = new History(storage);
    await history.mustBeNew('before the removal');
    await storage.candles.remove(KEY, { from: minute(9), to: minute(10) });
    await history.mustBeNew('without the last candle');
    await storage.candles.remove(KEY);
    await history.mustBeNew('without any');
  }),
  declared('remove-nothing', 'removing nothing is no new revision', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 5) });
    const before = await revisionOf(storage);
    await storage.candles.remove(KEY, { from: minute(5), to: minute(9) });
    assertEqual(await revisionOf(storage), before, 'the revision');
  }),
  declared('back-again', 'candles that come back have no revision of before', async (storage) => {
    const history = new History(storage);
    for (const version of [0, 1, 0, 1]) {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10, version) });
      await history.mustBeNew(`with version ${version}`);
    }
    for (let i = 0; i < 2; i += 1) {
      await storage.candles.remove(KEY);
      await history.mustBeNew('without candles');
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10, 1) });
      await history.mustBeNew('with all candles again');
    }
  }),
  declared('identical-write', 'writing the same again keeps the revision', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const before = await revisionOf(storage);
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    await storage.candles.write({ key: KEY, candles: sampleMinutes(3, 4), covers: RANGE });
    await storage.candles.write({ key: KEY, candles: [] });
    assertEqual(await revisionOf(storage), before, 'the revision');
  }),
  declared('failed-write', 'a write that fails keeps the revision', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const before = await revisionOf(storage);
    const bad = { ...sampleCandle(minute(6), 1), volume: -1 };
    const candles = [...sampleMinutes(0, 5, 1), bad];
    await assertRejects(
      () => storage.candles.write({ key: KEY, candles }),
      'INVALID_INPUT',
      'the write',
    );
    assertEqual(await revisionOf(storage), before, 'the revision');
  }),
  declared('coverage', 'coverage has no part in a revision', async (storage) => {
    const keys = [KEY, OTHER_KEY];
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const before = await Promise.all(keys.map((key) => revisionOf(storage, RANGE, key)));
    for (const key of keys) {
      await storage.coverage.add(key, RANGE, { source: 'a' });
      await storage.candles.write({ key, candles: [], covers: RANGE, source: 'b' });
      await storage.coverage.remove(key, { from: minute(2), to: minute(4) });
    }
    const after = await Promise.all(keys.map((key) => revisionOf(storage, RANGE, key)));
    assertEqual(after, before, 'the revisions, with and without candles');
  }),
  declared(
    'compaction',
    'a compaction keeps every revision',
    async (storage) => {
      const maintenance = assertDefined(storage.maintenance, 'storage.maintenance');
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 5_000) });
      await storage.candles.write({ key: KEY, candles: sampleMinutes(5_000, 6_000, 1) });
      await storage.candles.write({ key: KEY, candles: sampleMinutes(100, 110, 1) });
      const ranges = [RANGE, { from: minute(2_000), to: minute(5_500) }, EVER];
      const before = await storage.candles.revisions(KEY, ranges);
      await maintenance.compact();
      assertEqual(await storage.candles.revisions(KEY, ranges), before, 'the revisions');
    },
    {
      requires: ({ revisions, maintenance }) =>
        revisions && maintenance ? undefined : 'revisions or maintenance are not declared',
    },
  ),
  declared('far-away', 'a change far away keeps the revision', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    await storage.candles.write({ key: KEY, candles: FAR_CANDLES });
    const before = await revisionOf(storage);
    await storage.candles.write({ key: KEY, candles: sampleMinutes(20_000, 20_010, 1) });
    await storage.candles.write({ key: KEY, candles: sampleMinutes(30_000, 30_001) });
    await storage.candles.remove(KEY, FAR);
    assertEqual(await revisionOf(storage), before, 'the revision');
  }),
  declared(
    'remove-old',
    'removing all before a time keeps the revision of what comes later',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 20_010) });
      const [near, far] = [new History(storage), new History(storage, FAR)];
      await near.mustBeNew('before the removal');
      await far.mustBeNew('before the removal');
      await storage.candles.remove(KEY, { from: 0, to: minute(5) });
      await near.mustBeNew('where the removal ends');
      await far.mustBeOld('much later');
    },
  ),
  declared('other-series', 'a change of another series keeps the revision', async (storage) => {
    const others: SeriesKey[] = [OTHER_KEY, { ...KEY, timeframe: '5m' }];
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const before = await revisionOf(storage);
    for (const key of others) {
      await storage.candles.write({ key, candles: samplePeriods(key, 10) });
      await storage.candles.remove(key);
    }
    assertEqual(await revisionOf(storage), before, 'the revision');
  }),
  declared('in-order', 'the revisions are in the order of the ranges', async (storage) => {
    const starts = [20_000, 0, 10_000];
    const ranges = starts.map((at) => ({ from: minute(at), to: minute(at + 10) }));
    await storage.candles.write(
      starts.map((at) => ({ key: KEY, candles: sampleMinutes(at, at + 10) })),
    );
    for (const [i, at] of starts.entries()) {
      const before = await storage.candles.revisions(KEY, ranges);
      await storage.candles.write({ key: KEY, candles: sampleMinutes(at + 5, at + 6, 1) });
      const after = await storage.candles.revisions(KEY, ranges);
      const changed = ranges.map((_, j) => after[j] !== before[j]);
      assertEqual(
        changed,
        ranges.map((_, j) => j === i),
        `which revisions changed with minute ${at + 5}`,
      );
    }
  }),
  declared('odd-bounds', 'a range is what it says, to the millisecond', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    for (const at of [0, 5, 9, 1_023, 1_024]) {
      const history = new History(storage, { from: minute(at), to: minute(at) + 1 });
      await history.mustBeNew(`around minute ${at}`);
      await storage.candles.write({ key: KEY, candles: sampleMinutes(at, at + 1, 1) });
      await history.mustBeNew(`after a change of minute ${at}`);
    }
  }),
  declared('whole-stretch', 'a long write is new all along', async (storage) => {
    await changeAllAlong(storage, (version) => sampleMinutes(0, 20_010, version));
  }),
  declared('far-apart', 'a write of candles far apart is new at each of them', async (storage) => {
    const minutes = [-20_000_000, 0, 20_000];
    await changeAllAlong(storage, (version) =>
      minutes.flatMap((at) => sampleMinutes(at, at + 10, version)),
    );
    const old = new History(storage, { from: minute(-20_000_000), to: minute(-19_999_990) });
    await old.mustBeNew('the oldest candles');
    await storage.candles.remove(KEY);
    await old.mustBeNew('after removing everything');
  }),
  declared('wide-range', 'a wide range has a revision as exact as any other', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10_000) });
    const wide = { from: minute(-5_000), to: minute(15_000) };
    const histories = [new History(storage, wide), new History(storage, EVER)];
    const mustBeNew = async (what: string) => {
      for (const history of histories) await history.mustBeNew(what);
    };
    await mustBeNew('before any change');
    for (const at of [0, 9_999, 5_000, 2_500, -4_999, 14_999]) {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(at, at + 1, 1) });
      await mustBeNew(`after a change of minute ${at}`);
    }
    const before = await revisionOf(storage, wide);
    await storage.candles.write({ key: KEY, candles: sampleMinutes(40_000, 40_001) });
    assertEqual(await revisionOf(storage, wide), before, 'after a change far away');
  }),
  declared('timeframes', 'periods of every length have revisions', async (storage) => {
    for (const timeframe of ['1s', '3m', '1h', '1d', '1w', '1M', '1y'] satisfies Timeframe[]) {
      const key: SeriesKey = { ...KEY, timeframe };
      const grid = timeframeGrid(timeframe);
      await storage.candles.write({ key, candles: samplePeriods(key, 20) });
      const range = { from: grid.floor(START), to: grid.shift(START, 20) };
      const history = new History(storage, range, key);
      await history.mustBeNew(`${timeframe} before the change`);
      await storage.candles.write({ key, candles: [sampleCandle(grid.shift(START, 19), 1)] });
      await history.mustBeNew(`${timeframe} after it`);
    }
  }),
  declared('symbols', 'symbols are opaque in revisions, too', async (storage) => {
    for (const symbols of Object.values(SYMBOL_GROUPS)) {
      const keys = symbols.map((symbol): SeriesKey => ({ symbol, timeframe: '1m' }));
      await storage.candles.write(keys.map((key) => ({ key, candles: sampleMinutes(0, 1) })));
      for (const key of keys) {
        const before = await Promise.all(keys.map((it) => revisionOf(storage, RANGE, it)));
        await storage.candles.write({ key, candles: sampleMinutes(0, 1, 1) });
        const after = await Promise.all(keys.map((it) => revisionOf(storage, RANGE, it)));
        assertEqual(
          keys.filter((_, i) => before[i] !== after[i]),
          [key],
          'the series with a new revision',
        );
      }
      await Promise.all(keys.map((key) => storage.candles.remove(key)));
    }
  }),
  declared('while-writing', 'two equal revisions frame the candles of one', async (storage) => {
    const write = (version: number) =>
      storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10, version % 3) });
    await write(0);
    let isWriting = true;
    const writing = async () => {
      for (let i = 1; i <= 60; i += 1) await write(i);
    };
    const known = new Map<string, unknown>();
    const reading = async () => {
      while (isWriting) {
        // What goes on in this thread only must come to its turn, too.
        await nextTurn();
        const before = await revisionOf(storage);
        const candles = (await storage.candles.read({ ...KEY, ...RANGE })).toArray();
        if ((await revisionOf(storage)) !== before) continue;
        assertEqual(candles, known.get(before) ?? candles, 'the candles of one revision');
        known.set(before, candles);
      }
    };
    await Promise.all([
      writing().finally(() => {
        isWriting = false;
      }),
      reading(),
    ]);
  }),
  declared('read-your-writes', 'a revision is of every write that resolved', async (storage) => {
    const history = new History(storage);
    for (let i = 0; i < 50; i += 1) {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(3, 4, i % 2) });
      await history.mustBeNew(`after write ${i}`);
    }
  }),
  declared('announce', 'what is announced has new revisions, and nothing else', async (storage) => {
    await storage.candles.write([
      { key: KEY, candles: sampleMinutes(0, 10) },
      { key: KEY, candles: FAR_CANDLES },
      { key: OTHER_KEY, candles: sampleMinutes(0, 10) },
    ]);
    const [near, far] = [new History(storage), new History(storage, FAR)];
    await near.mustBeNew('before');
    await far.mustBeNew('before');
    const other = await revisionOf(storage, RANGE, OTHER_KEY);
    await storage.changes.announce(KEY, { from: minute(4), to: minute(5) });
    await near.mustBeNew('where a range was announced');
    await far.mustBeOld('far from it');
    await storage.changes.announce(KEY);
    await near.mustBeNew('after all of time was announced');
    await far.mustBeNew('after all of time was announced');
    assertEqual(await revisionOf(storage, RANGE, OTHER_KEY), other, 'that of another series');
  }),
  declared('announce-unknown', 'a series that is not stored can be announced', async (storage) => {
    const history = new History(storage);
    await history.mustBeNew('before');
    await storage.changes.announce(KEY, RANGE);
    await history.mustBeNew('after a range was announced');
    await storage.changes.announce(KEY);
    await history.mustBeNew('after all of time was announced');
  }),
  declared('invalid', 'bad keys and ranges are refused', async ({ candles }) => {
    const bad: [what: string, ranges: unknown, details: object][] = [
      ['no list', RANGE, { field: 'ranges' }],
      ['nothing', undefined, { field: 'ranges' }],
      ['no range', [RANGE, null], { field: 'range', batch: 1 }],
      ['a fraction', [{ from: 0.5, to: 1 }], { field: 'from', batch: 0 }],
      ['no end', [RANGE, RANGE, { from: 0 }], { field: 'to', batch: 2 }],
      ['upside down', [{ from: 2, to: 1 }], { field: 'from', batch: 0 }],
    ];
    for (const [what, ranges, details] of bad) {
      await assertRejects(
        () => candles.revisions(KEY, ranges as Interval[]),
        'INVALID_INPUT',
        what,
        { ...details },
      );
    }
    await assertRejects(
      () => candles.revisions({ ...KEY, symbol: '' }, [RANGE]),
      'INVALID_INPUT',
      'an empty symbol',
      { field: 'symbol' },
    );
  }),
  declared(
    'reopen',
    'revisions are the same after reopening',
    async (storage, context) => {
      await storage.candles.write([
        { key: KEY, candles: sampleMinutes(0, 10) },
        { key: KEY, candles: FAR_CANDLES },
      ]);
      await storage.candles.write({ key: KEY, candles: sampleMinutes(3, 4, 1) });
      await storage.changes.announce(OTHER_KEY);
      const ask = async (it: IMarketDataStorage) => [
        await it.candles.revisions(KEY, [RANGE, FAR, EVER]),
        await it.candles.revisions(OTHER_KEY, [RANGE]),
        await it.candles.revisions({ ...KEY, timeframe: '5m' }, [RANGE]),
      ];
      const before = await ask(storage);
      const again = await context.reopen(storage);
      assertEqual(await ask(again), before, 'the revisions after reopening');
    },
    whereLasting,
  ),
  declared(
    'reopen-back-again',
    'candles that come back after reopening have no revision of before',
    async (storage, context) => {
      const history = new History(storage);
      let current = storage;
      for (const version of [0, 1, 0, 1, 0]) {
        await current.candles.write({ key: KEY, candles: sampleMinutes(0, 10, version) });
        await history.mustBeNew(`with version ${version}`, current);
        current = await context.reopen(current);
        await history.mustBeOld('after reopening', current);
      }
    },
    whereLasting,
  ),
];

/** The revisions that a range has had. */
class History {
  readonly #storage: IMarketDataStorage;
  readonly #range: Interval;
  readonly #key: SeriesKey;
  readonly #texts: string[] = [];

  constructor(storage: IMarketDataStorage, range: Interval = RANGE, key: SeriesKey = KEY) {
    this.#storage = storage;
    this.#range = range;
    this.#key = key;
  }

  /** Asserts that the present revision is none of those before. */
  async mustBeNew(what: string, storage: IMarketDataStorage = this.#storage): Promise<void> {
    const text = await revisionOf(storage, this.#range, this.#key);
    assertTrue(!this.#texts.includes(text), `${what}: the revision ${text} is new`);
    this.#texts.push(text);
  }

  /** Asserts that the present revision is the latest that was seen. */
  async mustBeOld(what: string, storage: IMarketDataStorage = this.#storage): Promise<void> {
    const text = await revisionOf(storage, this.#range, this.#key);
    assertEqual(text, this.#texts.at(-1), `${what}: the revision`);
  }
}

/** Writes and rewrites candles, and looks at ranges of them at both ends. */
async function changeAllAlong(
  storage: IMarketDataStorage,
  candlesOf: (version: number) => ReturnType<typeof sampleMinutes>,
): Promise<void> {
  const histories = [RANGE, FAR].map((range) => new History(storage, range));
  for (const version of [0, 1, 0]) {
    await storage.candles.write({ key: KEY, candles: candlesOf(version) });
    for (const [i, history] of histories.entries()) {
      await history.mustBeNew(`range ${i} with version ${version}`);
    }
  }
}

async function revisionOf(
  { candles }: IMarketDataStorage,
  range: Interval = RANGE,
  key: SeriesKey = KEY,
): Promise<string> {
  const [text] = await candles.revisions(key, [range]);
  return assertDefined(text, 'the revision');
}

function declared(
  key: string,
  title: string,
  run: (storage: IMarketDataStorage, context: StorageContext) => Promise<void>,
  rest: Pick<StorageScenario, 'requires'> = whereDeclared,
): StorageScenario {
  return scenario(`revisions/${key}`, title, run, rest);
}
