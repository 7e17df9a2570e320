import type { Candle } from '@barkeep/core';
import type { CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, START, sampleCandle, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertRead } from '../stored-state.ts';

/** Twenty candles with a hole: minutes 0 to 9 and 15 to 24. */
const STORED = [...sampleMinutes(0, 10), ...sampleMinutes(15, 25)];

interface ReadCase {
  readonly key: string;
  readonly title: string;
  readonly query: Omit<CandleQuery, 'symbol' | 'timeframe'>;
  readonly expected: readonly Candle[];
}

const CASES: readonly ReadCase[] = [
  { key: 'all', title: 'without a range everything is read', query: {}, expected: STORED },
  {
    key: 'from-inclusive',
    title: 'from is in the range',
    query: { from: minute(5) },
    expected: STORED.slice(5),
  },
  {
    key: 'to-exclusive',
    title: 'to is not in the range',
    query: { to: minute(5) },
    expected: STORED.slice(0, 5),
  },
  {
    key: 'between',
    title: 'a range is half-open',
    query: { from: minute(3), to: minute(16) },
    expected: STORED.slice(3, 11),
  },
  {
    key: 'unaligned-range',
    title: 'bounds between candles cut between them',
    query: { from: minute(3) + 1, to: minute(6) + 1 },
    expected: STORED.slice(4, 7),
  },
  {
    key: 'empty-range',
    title: 'a range from an instant to itself is empty',
    query: { from: minute(3), to: minute(3) },
    expected: [],
  },
  {
    key: 'hole',
    title: 'a range without candles is empty',
    query: { from: minute(10), to: minute(15) },
    expected: [],
  },
  {
    key: 'before',
    title: 'a range before all candles is empty',
    query: { to: minute(0) },
    expected: [],
  },
  {
    key: 'after',
    title: 'a range after all candles is empty',
    query: { from: minute(25) },
    expected: [],
  },
  {
    key: 'wide-range',
    title: 'bounds may be any safe integers',
    query: { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER },
    expected: STORED,
  },
  { key: 'limit-zero', title: 'limit 0 is an empty result', query: { limit: 0 }, expected: [] },
  {
    key: 'limit-one',
    title: 'limit 1 gives the latest candle',
    query: { limit: 1 },
    expected: STORED.slice(-1),
  },
  {
    key: 'limit-exact',
    title: 'a limit of all there are gives all',
    query: { limit: 20 },
    expected: STORED,
  },
  {
    key: 'limit-more',
    title: 'a limit beyond what there is gives what there is',
    query: { limit: 21 },
    expected: STORED,
  },
  {
    key: 'limit-huge',
    title: 'a limit may be any safe integer',
    query: { limit: Number.MAX_SAFE_INTEGER },
    expected: STORED,
  },
  {
    key: 'take-last-by-default',
    title: 'without from, a limit keeps the last candles',
    query: { limit: 12 },
    expected: STORED.slice(-12),
  },
  {
    key: 'take-last-before-to',
    title: 'with to alone, a limit keeps the last candles before it',
    query: { to: minute(16), limit: 3 },
    expected: STORED.slice(8, 11),
  },
  {
    key: 'take-first-after-from',
    title: 'with from, a limit keeps the first candles',
    query: { from: minute(8), limit: 3 },
    expected: STORED.slice(8, 11),
  },
  {
    key: 'take-first',
    title: 'take "first" keeps the first candles',
    query: { take: 'first', limit: 4 },
    expected: STORED.slice(0, 4),
  },
  {
    key: 'take-last',
    title: 'take "last" keeps the last candles of a range, ascending',
    query: { from: minute(1), to: minute(17), take: 'last', limit: 4 },
    expected: STORED.slice(8, 12),
  },
  {
    key: 'take-without-limit',
    title: 'take without a limit cuts nothing',
    query: { take: 'last', from: minute(5) },
    expected: STORED.slice(5),
  },
];

export const readScenarios: readonly StorageScenario[] = [
  ...CASES.map(({ key, title, query, expected }) =>
    scenario(`read/${key}`, title, async (storage) => {
      await storeSample(storage);
      await assertRead(storage, { ...KEY, ...query }, expected, title);
    }),
  ),
  scenario('read/unknown-series', 'a series that was never written is empty', async (storage) => {
    await storeSample(storage);
    await assertRead(storage, { ...KEY, symbol: 'never' }, [], 'an unknown symbol');
    await assertRead(storage, { ...KEY, timeframe: '3m' }, [], 'an unknown timeframe');
  }),
  scenario('read/equivalent-timeframes', '60s and 1m are two series', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 3) });
    await assertRead(storage, { ...KEY, timeframe: '60s' }, [], 'the timeframe 60s');
  }),
  scenario(
    'read/every-window',
    'every window over a few candles has exactly its candles',
    async (storage) => {
      const candles = sampleMinutes(0, 6);
      await storage.candles.write({ key: KEY, candles });
      for (let from = -1; from <= 7; from += 1) {
        for (let to = from; to <= 7; to += 1) {
          const expected = candles.slice(Math.max(0, from), Math.max(0, to));
          const query = { ...KEY, from: minute(from), to: minute(to) };
          await assertRead(storage, query, expected, `minutes ${from} to ${to}`);
        }
      }
    },
  ),
  scenario('read/own-memory', 'a caller can keep and transfer an answer', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const { timestamp, close } = await storage.candles.read({ ...KEY });
    const buffers = [timestamp.buffer, close.buffer].filter((it) => it instanceof ArrayBuffer);
    structuredClone(null, { transfer: buffers });
    await assertRead(storage, { ...KEY }, sampleMinutes(0, 10), 'after an answer was transferred');
  }),
  scenario('read-many/order', 'answers come in the order of the queries', async (storage) => {
    await storeSample(storage);
    const answers = await storage.candles.readMany([
      { ...OTHER_KEY },
      { ...KEY, limit: 0 },
      { ...KEY, symbol: 'never' },
      { ...KEY, limit: 2 },
      { ...KEY, from: minute(3), to: minute(3) },
      { ...OTHER_KEY },
    ]);
    const other = [sampleCandle(START, 7)];
    assertEqual(
      answers.map((series) => series.toArray()),
      [other, [], [], STORED.slice(-2), [], other],
      'the answers',
    );
    assertEqual(
      answers.map(({ key }) => key.symbol),
      ['KRW-ETH', 'KRW-BTC', 'never', 'KRW-BTC', 'KRW-BTC', 'KRW-ETH'],
      "the answers' symbols",
    );
  }),
  scenario('read-many/nothing', 'no query, no answer', async (storage) => {
    assertEqual(await storage.candles.readMany([]), [], 'the answers');
  }),
  scenario('read-many/hundreds', 'hundreds of series in one call', async (storage) => {
    const keys = Array.from({ length: 250 }, (_, i) => ({ ...KEY, symbol: `S${i}` }));
    await storage.candles.write(keys.map((key, i) => ({ key, candles: [sampleCandle(START, i)] })));
    const answers = await storage.candles.readMany(keys);
    assertEqual(
      answers.map((series) => series.toArray()),
      keys.map((_, i) => [sampleCandle(START, i)]),
      'the answers',
    );
  }),
];

async function storeSample(storage: IMarketDataStorage): Promise<void> {
  await storage.candles.write([
    { key: KEY, candles: STORED },
    { key: OTHER_KEY, candles: [sampleCandle(START, 7)] },
  ]);
}
