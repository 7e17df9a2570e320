import {
  type Candle,
  type EpochMs,
  type Interval,
  MIN_EPOCH_MS,
  type SeriesKey,
  timeframeGrid,
} from '@barkeep/core';
import type { CandleQuery } from '@barkeep/storage';
import fc from 'fast-check';
import { assertDefined, assertEqual } from '../../assertions.ts';
import { SYMBOL_GROUPS } from '../../sample-symbols.ts';
import { KEY, minute, minutes, START, sampleCandle, sampleMinutes } from '../sample-candles.ts';
import { collect } from '../storage-operations.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertCandles, assertNothingStored, assertSeries, listen } from '../stored-state.ts';

const MANY = 50_000;

/** What is larger, or stranger, than a model run can afford. */
export const sizeScenarios: readonly StorageScenario[] = [
  scenario('sizes/large', 'tens of thousands of candles in one call', async (storage) => {
    const { candles } = storage;
    const first = await candles.write({ key: KEY, candles: sampleMinutes(0, MANY) });
    assertEqual(first, { inserted: MANY, updated: 0, unchanged: 0 }, 'the result');
    await assertSeries(storage, KEY, sampleMinutes(0, MANY), 'after a large write');
    const over = [
      ...sampleMinutes(-1_000, 0),
      ...sampleMinutes(0, 20_000),
      ...sampleMinutes(20_000, MANY, 1),
    ];
    const second = await candles.write({ key: KEY, candles: over });
    const expected = { inserted: 1_000, updated: MANY - 20_000, unchanged: 20_000 };
    assertEqual(second, expected, 'the result of a large write over it');
    await assertSeries(storage, KEY, over, 'after it');
    const chunks = await collect(candles.scan({ ...KEY, ...minutes(0, 40_000) }));
    const lengths = chunks.map(({ length }) => length);
    assertEqual(lengths, [16_384, 16_384, 7_232], 'the chunks of a scan without a size');
    const starts = Array.from({ length: 400 }, (_, i) => (i * 1_337) % MANY);
    const ranges = starts.map((at) => ({ from: minute(at), limit: 3, candles: 'always' as const }));
    const [snapshot] = await candles.snapshots([{ ...KEY, ranges }]);
    assertEqual(
      snapshot?.ranges.map((part) => part.candles?.firstTimestamp),
      starts.map(minute),
      'the first candles of hundreds of ranges',
    );
    const removed = await candles.remove(KEY, minutes(500, 49_000));
    assertEqual(removed, 48_500, 'how many were removed');
    const rest = [...over.slice(0, 1_500), ...over.slice(50_000)];
    await assertSeries(storage, KEY, rest, 'after a large removal');
  }),
  scenario('sizes/many-series', 'more than a thousand series in one call', async (storage) => {
    const { candles } = storage;
    const count = 1_100;
    const keys = Array.from({ length: count }, (_, i): SeriesKey => ({ ...KEY, symbol: `S${i}` }));
    const stored = (i: number): Candle[] => sampleMinutes(i, i + 2, i % 3);
    const covers = minutes(0, 1);
    const batches = keys.map((key, i) => ({ key, candles: stored(i), covers }));
    const events = listen(storage);
    const result = await candles.write(batches);
    assertEqual(result, { inserted: 2 * count, updated: 0, unchanged: 0 }, 'the result');
    for (const type of ['candles', 'coverage']) {
      const told = events.flatMap((event) =>
        event.type === type && 'key' in event ? event.key : [],
      );
      assertEqual(told, keys, `of which series events about ${type} told`);
    }
    assertEqual((await candles.list()).length, count, 'how many are listed');
    const order = keys.map((_, i) => (i * 37) % count);
    const asked = order.map((i) => assertDefined(keys[i], 'a key'));
    const reads = await candles.readMany(asked);
    const always = { candles: 'always' } as const;
    const snapshots = await candles.snapshots(
      asked.map((key, at) => ({ ...key, ranges: Array.from({ length: at % 3 }, () => always) })),
    );
    assertEqual([reads.length, snapshots.length], [count, count], 'how many answers there are');
    for (const [at, i] of order.entries()) {
      assertEqual(reads[at]?.toArray(), stored(i), `answer ${at}`);
      const { key, coverage, ranges } = assertDefined(snapshots[at], 'a snapshot');
      assertEqual([key, coverage.length], [keys[i], 1], `series and coverage of snapshot ${at}`);
      const expected = Array.from({ length: at % 3 }, () => stored(i));
      const parts = ranges.map((part) => part.candles?.toArray());
      assertEqual(parts, expected, `the candles of snapshot ${at}`);
    }
  }),
  scenario('sizes/one-by-one', 'hundreds of small writes, on and backwards', async (storage) => {
    for (let i = 0; i < 300; i += 1) {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(i, i + 1) });
      await storage.candles.write({ key: KEY, candles: sampleMinutes(i, i + 1, 1) });
    }
    for (let page = 0; page > -25; page -= 1) {
      const candles = sampleMinutes((page - 1) * 200, page * 200).reverse();
      await storage.candles.write({ key: KEY, candles });
    }
    const expected = [...sampleMinutes(-5_000, 0), ...sampleMinutes(0, 300, 1)];
    await assertSeries(storage, KEY, expected, 'after them');
  }),
  scenario(
    'sizes/many-documents',
    'hundreds of documents, and large ones',
    async (storage, context) => {
      const { metadata } = storage;
      const names = Array.from({ length: 1_100 }, (_, i) => `note-${i}`);
      await Promise.all(names.map((name, i) => metadata.set(name, i)));
      assertEqual(await metadata.keys(), names.toSorted(), 'the keys');
      const values = await Promise.all(names.map((name) => metadata.get(name)));
      assertEqual(values, [...names.keys()], 'the documents');
      const large = { text: 'x비'.repeat(250_000), list: [1, [2, [3, []]], null], '': 0.1 + 0.2 };
      await metadata.set('large', large);
      assertEqual(await metadata.get('large'), large, 'a document of half a million characters');
      if (storage.capabilities.durability === 'volatile') return;
      const again = await context.reopen(storage);
      assertEqual(await again.metadata.get('large'), large, 'the same after reopening');
    },
  ),
  scenario('sizes/any-bits', 'doubles of every size survive bit for bit', async (storage) => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    const rows = fc.sample(fc.array(double, { minLength: 5, maxLength: 5 }), 1_000);
    const candles = rows.map(([volume = 0, ...prices], i) => {
      const [low = 0, open = 0, close = 0, high = 0] = prices.sort((a, b) => a - b);
      return { timestamp: minute(i), open, high, low, close, volume: Math.abs(volume) };
    });
    await storage.candles.write({ key: KEY, candles });
    await assertSeries(storage, KEY, candles, 'after the write');
  }),
  scenario(
    'sizes/all-of-time',
    'candles of the years 1 to 9999, of every length',
    async (storage) => {
      const timeframes = [
        ...(['1s', '7m', '4h', '1d', '1w', '1M', '3M', '1y', '10y'] as const),
        ...(['1m@1s', '1h@30m', '1d@15h', '1w@3d', '2w@7d', '1M@-9h', '1M@9h', '1y@90d'] as const),
      ];
      for (const timeframe of timeframes) {
        const key: SeriesKey = { symbol: 'OLD', timeframe };
        const grid = timeframeGrid(timeframe);
        const [first, last] = [grid.ceil(MIN_EPOCH_MS), grid.floor(Date.UTC(9999, 11, 31))];
        const early = [first, grid.shift(first), grid.shift(0, -2), grid.shift(-1), grid.ceil(0)];
        const times = [...early, grid.floor(START), grid.shift(last, -1), last];
        const sorted = [...new Set(times)].sort((a, b) => a - b);
        const candles = sorted.map((at) => ({ ...sampleCandle(START), timestamp: at }));
        await storage.candles.write({ key, candles });
        await assertSeries(storage, key, candles, timeframe);
        assertEqual(await storage.candles.remove(key), candles.length, 'how many were removed');
        await assertNothingStored(storage, key, `${timeframe} after its removal`);
      }
    },
  ),
  scenario('sizes/long-ago', 'times before 1970 are as good as later ones', async (storage) => {
    const { candles, coverage } = storage;
    for (const timeframe of ['1m', '1d@15h', '1M@-9h'] as const) {
      const key: SeriesKey = { symbol: 'OLD', timeframe };
      const grid = timeframeGrid(timeframe);
      const at = (period: number): EpochMs => grid.startOf(period);
      const of = (from: number, to: number): Candle[] =>
        Array.from({ length: to - from }, (_, i) => sampleCandle(at(from + i)));
      const time = (from: number, to: number): Interval => ({ from: at(from), to: at(to) });
      await candles.write({ key, candles: of(-3, 5).reverse(), covers: time(-3, 5) });
      await candles.write({ key, candles: of(-3_000, -2_000), covers: time(-3_000, -1_500) });
      await assertSeries(storage, key, [...of(-3_000, -2_000), ...of(-3, 5)], timeframe);
      const read = async (query: Partial<CandleQuery>): Promise<Candle[]> =>
        (await candles.read({ ...key, ...query })).toArray();
      assertCandles(await read({ to: at(0) + 1, limit: 4 }), of(-3, 1), 'the latest up to 1970');
      assertCandles(await read({ from: at(-2) - 1, limit: 3 }), of(-2, 1), 'from 1969 on');
      assertCandles(await read(time(-2_500, -2_400)), of(-2_500, -2_400), 'within 1970 and before');
      const chunks = await collect(candles.scan({ ...key, from: at(-2_001), chunkSize: 5 }));
      const scanned = chunks.flatMap((chunk) => chunk.toArray());
      assertCandles(scanned, [...of(-2_001, -2_000), ...of(-3, 5)], 'a scan from before 1970');
      const covered = (await coverage.of(key)).map(({ from, to }) => ({ from, to }));
      assertEqual(covered, [time(-3_000, -1_500), time(-3, 5)], 'what is covered');
      const missing = await coverage.missing(key, time(-1_600, 7));
      assertEqual(missing, [time(-1_500, -3), time(5, 7)], 'what is not covered');
      assertEqual(await candles.remove(key, time(-2_500, 1)), 504, 'how many were removed');
      await assertSeries(storage, key, [...of(-3_000, -2_500), ...of(1, 5)], 'what was left');
    }
  }),
  scenario('sizes/symbols', 'symbols and names of documents are opaque', async (storage) => {
    const { candles, coverage, metadata } = storage;
    for (const symbols of Object.values(SYMBOL_GROUPS)) {
      const keys = symbols.map((symbol): SeriesKey => ({ symbol, timeframe: '1m' }));
      const of = (i: number): Candle[] => sampleMinutes(i, i + 2, i);
      await candles.write(
        keys.map((key, i) => ({ key, candles: of(i), covers: minutes(0, i + 1) })),
      );
      for (const [i, symbol] of symbols.entries()) await metadata.set(symbol, i);
      const sorted = symbols.toSorted((a, b) => (a < b ? -1 : 1));
      const listed = (await candles.list()).map(({ symbol }) => symbol);
      assertEqual(listed, sorted, 'the listed symbols');
      assertEqual(await metadata.keys(), sorted, 'the names of documents');
      for (const prefix of symbols) {
        const names = sorted.filter((name) => name.startsWith(prefix));
        assertEqual(await metadata.keys(prefix), names, `those that start with ${prefix}`);
      }
      for (const [i, key] of keys.entries()) {
        const name = JSON.stringify(key.symbol);
        await assertSeries(storage, key, of(i), name);
        assertEqual((await coverage.of(key))[0]?.to, minute(i + 1), `the coverage of ${name}`);
        assertEqual(await metadata.get(key.symbol), i, `the document ${name}`);
      }
      for (const [i, key] of keys.entries()) {
        assertEqual(await candles.remove(key), 2, 'how many were removed');
        assertEqual(await metadata.delete(key.symbol), true, 'whether a document was there');
        await assertNothingStored(storage, key, JSON.stringify(key.symbol));
        assertEqual((await candles.list()).length, keys.length - i - 1, 'how many series stay');
      }
    }
  }),
];
