import {
  type Candle,
  CandleSeries,
  type Interval,
  MIN_EPOCH_MS,
  type SeriesKey,
} from '@barkeep/core';
import type { CandleQuery, IMarketDataStorage } from '@barkeep/storage';
import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import {
  KEY,
  minute,
  minutes,
  OTHER_KEY,
  START,
  sampleCandle,
  sampleMinutes,
} from '../sample-candles.ts';
import { collect } from '../storage-operations.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertNothingStored, assertSeries, listen } from '../stored-state.ts';

type BadCall = (storage: IMarketDataStorage) => Promise<unknown>;

/**
 * Of each method a bad call or two, and the field its error names. The abstract base refuses them, and
 * its tests have them all: these are for adapters that go around it.
 */
const BAD_CALLS: Readonly<Record<string, readonly [field: string, call: BadCall][]>> = {
  candles: [
    ['open', writing({ open: Number.NaN })],
    ['low', writing({ low: -0 })],
    ['high', writing({ high: 0 })],
    ['close', writing({ close: '101' })],
    ['volume', writing({ volume: -1 })],
    ['timestamp', writing({ timestamp: START / 1_000 })],
    ['timestamp', writing({ timestamp: START + 1 })],
    ['timestamp', writing({ timestamp: MIN_EPOCH_MS - 60_000 })],
    ['candle', (storage) => write(storage, [null as unknown as Candle])],
    ['symbol', ({ candles }) => candles.write({ key: { ...KEY, symbol: '\ud800' }, candles: [] })],
  ],
  queries: [
    ['limit', ({ candles }) => candles.read({ ...KEY, limit: -1 })],
    ['from', ({ candles }) => candles.read({ ...KEY, from: 2, to: 1 })],
    ['from', ({ candles }) => candles.read({ ...KEY, from: START / 1_000 })],
    ['query', ({ candles }) => candles.read({ ...KEY, form: 1 } as CandleQuery)],
    ['columns[0]', ({ candles }) => candles.readColumns({ ...KEY }, ['price' as 'open'])],
    ['columns[1]', ({ candles }) => candles.readColumns({ ...KEY }, ['close', 'close'])],
    ['take', ({ candles }) => candles.readMany([{ ...KEY, take: 'all' as 'last' }])],
    ['chunkSize', ({ candles }) => collect(candles.scan({ ...KEY, chunkSize: 0 }))],
    ['ranges', ({ candles }) => candles.snapshots([{ ...KEY, ranges: {} as [] }])],
    ['filter', ({ candles }) => candles.list({ symbols: 'x' } as object)],
  ],
  ranges: [
    ['from', ({ candles }) => candles.remove(KEY, { from: 2, to: 1 })],
    ['source', ({ coverage }) => coverage.add(KEY, RANGE, { source: '' })],
    ['to', ({ coverage }) => coverage.missing(KEY, { from: 0 } as Interval)],
    ['symbol', ({ changes }) => changes.announce({ ...KEY, symbol: '' })],
    ['range', ({ changes }) => changes.announce(KEY, null as unknown as Interval)],
    ['timeframe', ({ coverage }) => coverage.of({ ...KEY, timeframe: '1 m' as '1m' })],
  ],
  documents: [
    ['value', ({ metadata }) => metadata.set('note', Number.NaN)],
    ['key', ({ metadata }) => metadata.set('', 1)],
  ],
};

const RANGE = minutes(0, 10);

export const inputScenarios: readonly StorageScenario[] = [
  ...Object.entries(BAD_CALLS).map(([name, calls]) =>
    scenario(
      `input/${name}`,
      `bad ${name} are refused by field and rule, and nothing of them is stored`,
      async (storage) => {
        const events = listen(storage);
        for (const [field, call] of calls) {
          await assertRejects(() => call(storage), 'INVALID_INPUT', `a bad ${field}`, { field });
        }
        assertEqual(events, [], 'the changes announced');
        for (const key of [KEY, OTHER_KEY]) await assertNothingStored(storage, key, 'after it');
        assertEqual(await storage.metadata.keys(), [], 'the documents after it');
      },
    ),
  ),
  scenario('input/untouched', 'what is handed in is not changed', async (storage) => {
    const series = CandleSeries.from(KEY, sampleMinutes(0, 50));
    const copy = series.copy();
    const candles = [3, 1, 2, 1].map((i) => Object.freeze(sampleCandle(minute(i))));
    const covers = Object.freeze([Object.freeze({ ...RANGE })]);
    const key = Object.freeze({ ...OTHER_KEY });
    await storage.candles.write([
      { key: KEY, candles: series },
      Object.freeze({ key, candles: Object.freeze(candles), covers }),
    ]);
    assertEqual(series.timestamp.byteLength, 50 * 8, 'the bytes of a column that was handed in');
    assertTrue(series.equals(copy), 'a series that was handed in has the candles it had');
    const order = candles.map(({ timestamp }) => timestamp);
    assertEqual(order, [3, 1, 2, 1].map(minute), 'the order of the candles handed in');
  }),
  scenario(
    'input/not-kept',
    'a storage does not change with the objects that went in',
    async (storage) => {
      const candles = sampleMinutes(0, 20).map((candle) => ({ ...candle }));
      const series = CandleSeries.from(OTHER_KEY, candles);
      const key: { symbol: string } & SeriesKey = { ...KEY };
      const document = { list: [1, 2] };
      await storage.candles.write([
        { key, candles, covers: RANGE },
        { key: OTHER_KEY, candles: series },
      ]);
      await storage.metadata.set('note', document);
      key.symbol = 'changed';
      for (const candle of candles) candle.volume = 99;
      series.volume.fill(99);
      document.list.push(3);
      await assertSeries(storage, KEY, sampleMinutes(0, 20), 'after changing the objects');
      await assertSeries(storage, OTHER_KEY, sampleMinutes(0, 20), 'after changing the columns');
      assertEqual((await storage.coverage.of(KEY)).length, 1, 'coverage after changing the key');
      assertEqual(await storage.metadata.get('note'), { list: [1, 2] }, 'the document');
    },
  ),
  scenario(
    'input/answers-apart',
    'answers change neither with the storage nor with each other, nor the storage with them',
    async (storage) => {
      const { candles, coverage, metadata } = storage;
      const expected = sampleMinutes(0, 20);
      await candles.write({ key: KEY, candles: expected, covers: RANGE });
      await metadata.set('note', { list: [1, 2] });
      const look = async () => {
        const ranges = [{ candles: 'always' }, { ...RANGE, candles: 'always' }] as const;
        const [snapshot] = await candles.snapshots([{ ...KEY, ranges }]);
        const scanned = await collect(candles.scan({ ...KEY }));
        const read = [await candles.read({ ...KEY }), ...(await candles.readMany([KEY, KEY]))];
        const parts = snapshot?.ranges.flatMap((part) => part.candles ?? []) ?? [];
        return { series: [...read, ...scanned, ...parts], coverage: snapshot?.coverage ?? [] };
      };
      const first = await look();
      const columns = await candles.readColumns({ ...KEY }, ['close', 'volume']);
      for (const series of first.series) series.close.fill(-1);
      for (const entry of first.coverage) Object.assign(entry, { from: 0 });
      (first.coverage as unknown[]).length = 0;
      for (const entry of await coverage.of(KEY)) Object.assign(entry, { from: 0 });
      Object.assign((await metadata.get('note')) ?? {}, { list: [] });
      columns.close.fill(-1);
      columns.volume.fill(-2);
      assertEqual(columns.close.at(0), -1, 'a column, when another is changed');
      const again = await look();
      const lengths = [20, 20, 20, 20, 20, 10];
      assertEqual(
        again.series.map((series) => series.toArray()),
        lengths.map((length) => expected.slice(0, length)),
        'the candles, after answers were changed',
      );
      assertEqual(again.coverage[0]?.from, RANGE.from, 'the coverage after it');
      assertEqual(await metadata.get('note'), { list: [1, 2] }, 'the document after it');
      await candles.write({ key: KEY, candles: sampleMinutes(-5, 20, 1) });
      await candles.remove(KEY);
      assertEqual(again.series[0]?.toArray(), expected, 'an answer, after later writes');
    },
  ),
];

function writing(fault: Readonly<Record<string, unknown>>): BadCall {
  const bad = { ...sampleCandle(minute(3)), ...fault } as Candle;
  return (storage) => write(storage, [...sampleMinutes(0, 3), bad]);
}

function write({ candles }: IMarketDataStorage, bad: readonly Candle[]): Promise<unknown> {
  return candles.write([
    { key: OTHER_KEY, candles: sampleMinutes(0, 3), covers: RANGE },
    { key: KEY, candles: bad, covers: RANGE },
  ]);
}
