import type { Interval, SeriesKey } from '@barkeep/core';
import type { ChangeEvent, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual, assertRejects } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, START, sampleMinutes, samplePeriods } from '../sample-candles.ts';
import {
  type StorageContext,
  type StorageScenario,
  scenario,
  shared,
} from '../storage-scenario.ts';
import { assertSeries } from '../stored-state.ts';

const ROUNDS = 20;

/** Writes that replace only what is not covered at that moment. */
export const writeUncoveredScenarios: readonly StorageScenario[] = [
  about('leaves-covered', 'covered candles are left as they are', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    await cover(storage, 3, 6);
    const write = { key: KEY, candles: sampleMinutes(0, 12, 1), replaces: 'uncovered' } as const;
    const result = await storage.candles.write(write);
    assertEqual(result, { inserted: 2, updated: 7, unchanged: 3 }, 'the result');
    const expected = [
      ...sampleMinutes(0, 3, 1),
      ...sampleMinutes(3, 6),
      ...sampleMinutes(6, 12, 1),
    ];
    await assertSeries(storage, KEY, expected, 'after the write');
    const all = { key: KEY, candles: sampleMinutes(0, 12, 2) };
    assertEqual(await storage.candles.write({ ...all, replaces: 'all' }), replaced(12), 'all');
    const plain = { key: KEY, candles: sampleMinutes(0, 12, 3) };
    assertEqual(await storage.candles.write(plain), replaced(12), 'by default');
    await assertSeries(storage, KEY, sampleMinutes(0, 12, 3), 'after replacing all');
  }),
  about('no-trades', 'a covered period without a candle stays without one', async (storage) => {
    await cover(storage, 3, 6);
    const write = { key: KEY, candles: sampleMinutes(2, 7), replaces: 'uncovered' } as const;
    const result = await storage.candles.write(write);
    assertEqual(result, { inserted: 2, updated: 0, unchanged: 3 }, 'the result');
    const expected = [...sampleMinutes(2, 3), ...sampleMinutes(6, 7)];
    await assertSeries(storage, KEY, expected, 'after the write');
    const nothing = { inserted: 0, updated: 0, unchanged: 3 };
    const covered = { key: KEY, candles: sampleMinutes(3, 6), replaces: 'uncovered' } as const;
    assertEqual(await storage.candles.write(covered), nothing, 'with nothing else');
  }),
  about('own-covers', 'what a batch covers itself does not count', async (storage) => {
    const result = await storage.candles.write({
      key: KEY,
      candles: sampleMinutes(0, 5),
      covers: minutes(0, 8),
      replaces: 'uncovered',
    });
    assertEqual(result, { inserted: 5, updated: 0, unchanged: 0 }, 'the result');
    await assertSeries(storage, KEY, sampleMinutes(0, 5), 'after the write');
    assertEqual(await storage.coverage.missing(KEY, minutes(0, 9)), [minutes(8, 9)], 'missing');
  }),
  about('earlier-batches', 'what earlier batches of the call cover counts', async (storage) => {
    const result = await storage.candles.write([
      { key: KEY, candles: sampleMinutes(0, 4), covers: minutes(0, 2) },
      { key: KEY, candles: sampleMinutes(0, 4, 1), covers: minutes(2, 3), replaces: 'uncovered' },
      { key: OTHER_KEY, candles: sampleMinutes(0, 4, 1), replaces: 'uncovered' },
      { key: KEY, candles: sampleMinutes(0, 4, 2), replaces: 'uncovered' },
      { key: KEY, candles: [], covers: minutes(3, 4) },
    ]);
    assertEqual(result, { inserted: 8, updated: 3, unchanged: 5 }, 'the result');
    const expected = [...sampleMinutes(0, 2), ...sampleMinutes(2, 3, 1), ...sampleMinutes(3, 4, 2)];
    await assertSeries(storage, KEY, expected, 'after the write');
    await assertSeries(storage, OTHER_KEY, sampleMinutes(0, 4, 1), 'the other series');
  }),
  about('coverage-kept', 'covering again leaves what is covered as it is', async (storage) => {
    const provenance = { source: 'a', collectedAt: START };
    await storage.coverage.add(KEY, minutes(2, 4), provenance);
    await storage.candles.write({
      key: KEY,
      candles: sampleMinutes(0, 6),
      covers: minutes(0, 6),
      source: 'b',
      replaces: 'uncovered',
    });
    const ledger = await storage.coverage.of(KEY);
    assertEqual(
      ledger.map(({ from, to, source }) => ({ from, to, source })),
      [
        { ...minutes(0, 2), source: 'b' },
        { ...minutes(2, 4), source: 'a' },
        { ...minutes(4, 6), source: 'b' },
      ],
      'the coverage',
    );
    assertEqual(ledger[1]?.collectedAt, START, 'when the middle was collected');
  }),
  about('covered-no-more', 'what is covered no more is replaced again', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 9), covers: minutes(0, 9) });
    await storage.coverage.remove(KEY, minutes(2, 4));
    await storage.candles.remove(KEY, minutes(6, 8));
    const write = { key: KEY, candles: sampleMinutes(0, 9, 1), replaces: 'uncovered' } as const;
    const result = await storage.candles.write(write);
    assertEqual(result, { inserted: 2, updated: 2, unchanged: 5 }, 'the result');
    const expected = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((i) =>
      sampleMinutes(i, i + 1, [2, 3, 6, 7].includes(i) ? 1 : 0),
    );
    await assertSeries(storage, KEY, expected, 'after the write');
  }),
  about('timeframes', 'periods of every length count whole', async (storage) => {
    for (const timeframe of ['5m', '1d', '1w', '1M', '1y'] as const) {
      const key: SeriesKey = { ...KEY, timeframe };
      const [first, second, third] = samplePeriods(key, 3);
      if (first === undefined || second === undefined || third === undefined) continue;
      const middle = { from: second.timestamp, to: third.timestamp };
      await storage.coverage.add(key, middle, { source: 'a' });
      const candles = [first, second, third];
      const result = await storage.candles.write({ key, candles, replaces: 'uncovered' });
      assertEqual(result, { inserted: 2, updated: 0, unchanged: 1 }, timeframe);
      await assertSeries(storage, key, [first, third], timeframe);
    }
  }),
  about('sparse', 'candles and coverage far apart find each other', async (storage) => {
    const even = Array.from({ length: 2_000 }, (_, i) => 2 * i);
    await storage.candles.write({
      key: KEY,
      candles: [],
      covers: even.map((i) => minutes(i, i + 1)),
    });
    const candles = [...sampleMinutes(-1_000_000, -999_999), ...sampleMinutes(0, 4_000)];
    const result = await storage.candles.write({ key: KEY, candles, replaces: 'uncovered' });
    assertEqual(result, { inserted: 2_001, updated: 0, unchanged: 2_000 }, 'the result');
    const expected = candles.filter(({ timestamp }) => {
      const i = (timestamp - START) / 60_000;
      return i < 0 || i % 2 === 1;
    });
    await assertSeries(storage, KEY, expected, 'after the write');
  }),
  about('no-change', 'what is left out is no change of candles', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 5), covers: minutes(0, 5) });
    const events: ChangeEvent[] = [];
    storage.changes.subscribe((event) => events.push(event));
    const revision = await revisionOf(storage);
    await storage.candles.write({
      key: KEY,
      candles: sampleMinutes(0, 5, 1),
      replaces: 'uncovered',
    });
    assertEqual(events, [], 'the events');
    assertEqual(await revisionOf(storage), revision, 'the revision');
  }),
  about('at-the-time', 'a write that comes between is found, and never undone', async (storage) => {
    await race(storage, storage);
  }),
  about(
    'shared',
    'so is one of another handle',
    async (storage, context) => {
      const other = await context.openBeside(storage);
      await race(storage, other);
      await other.candles.remove(KEY);
      await other.candles.write({ key: KEY, candles: sampleMinutes(0, 5), covers: minutes(0, 5) });
      const late = { key: KEY, candles: sampleMinutes(0, 6, 1), replaces: 'uncovered' } as const;
      const result = await storage.candles.write(late);
      assertEqual(result, { inserted: 1, updated: 0, unchanged: 5 }, 'what was covered elsewhere');
    },
    shared,
  ),
  about('invalid', 'any other word is refused', async (storage) => {
    for (const replaces of ['covered', 'none', '', true, null]) {
      const batch = { key: KEY, candles: sampleMinutes(0, 1), replaces: replaces as 'all' };
      await assertRejects(
        () => storage.candles.write([{ key: KEY, candles: [] }, batch]),
        'INVALID_INPUT',
        `${replaces}`,
        { batch: 1, field: 'replaces' },
      );
    }
  }),
];

/** A final write and one that was asked for before it, at the same time: the final one stands. */
async function race(late: IMarketDataStorage, final: IMarketDataStorage): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    await final.candles.remove(KEY);
    const covers = minutes(0, 50);
    const writeFinal = () =>
      final.candles.write({ key: KEY, candles: sampleMinutes(0, 50, 1), covers });
    const writeLate = () =>
      late.candles.write({ key: KEY, candles: sampleMinutes(0, 50, 2), replaces: 'uncovered' });
    const calls = round % 2 === 0 ? [writeLate, writeFinal] : [writeFinal, writeLate];
    await Promise.all(calls.map((call) => call()));
    await assertSeries(final, KEY, sampleMinutes(0, 50, 1), `after round ${round}`);
  }
}

async function revisionOf({ candles }: IMarketDataStorage): Promise<string | undefined> {
  const [snapshot] = await candles.snapshots([{ ...KEY, ranges: [{}] }]);
  return snapshot?.ranges[0]?.revision;
}

async function cover({ coverage }: IMarketDataStorage, from: number, to: number): Promise<void> {
  await coverage.add(KEY, minutes(from, to), { source: 'a' });
}

function minutes(from: number, to: number): Interval {
  return { from: minute(from), to: minute(to) };
}

function replaced(count: number) {
  return { inserted: 0, updated: count, unchanged: 0 };
}

function about(
  key: string,
  title: string,
  run: (storage: IMarketDataStorage, context: StorageContext) => Promise<void>,
  rest: Pick<StorageScenario, 'requires'> = {},
): StorageScenario {
  return scenario(`write-uncovered/${key}`, title, run, rest);
}
