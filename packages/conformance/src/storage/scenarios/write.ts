import { CandleSeries, type SeriesKey } from '@barkeep/core';
import type { CandleBatch } from '@barkeep/storage';
import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, START, sampleCandle, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertNothingStored, assertSeries } from '../stored-state.ts';

const MANY = 50_000;

export const writeScenarios: readonly StorageScenario[] = [
  scenario('write/round-trip', 'candles come back as they were written', async (storage) => {
    const candles = sampleMinutes(0, 100);
    const result = await storage.candles.write({ key: KEY, candles });
    assertEqual(result, { inserted: 100, updated: 0, unchanged: 0 }, 'the result');
    await assertSeries(storage, KEY, candles, 'after the write');
  }),
  scenario(
    'write/series',
    'a CandleSeries can be written, also a slice of one',
    async (storage) => {
      const series = CandleSeries.from(KEY, sampleMinutes(0, 100));
      await storage.candles.write({ key: KEY, candles: series.slice(10, 60) });
      await assertSeries(storage, KEY, sampleMinutes(10, 60), 'after writing a slice');
    },
  ),
  scenario(
    'write/key-of-the-batch',
    "the batch's key counts, not that of the series in it",
    async (storage) => {
      const candles = CandleSeries.from(OTHER_KEY, sampleMinutes(0, 3));
      await storage.candles.write({ key: KEY, candles });
      await assertSeries(storage, KEY, sampleMinutes(0, 3), 'under the key of the batch');
      await assertNothingStored(storage, OTHER_KEY, 'under the key of the series');
    },
  ),
  scenario(
    'write/nothing',
    'writing no batch, or a batch without candles, stores nothing',
    async (storage) => {
      const nothing = { inserted: 0, updated: 0, unchanged: 0 };
      assertEqual(await storage.candles.write([]), nothing, 'the result of no batch');
      assertEqual(
        await storage.candles.write({ key: KEY, candles: [] }),
        nothing,
        'of an empty one',
      );
      await assertNothingStored(storage, KEY, 'after writing nothing');
    },
  ),
  scenario(
    'write/last-write-wins',
    'a later write replaces candles at the same timestamps',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
      const result = await storage.candles.write({ key: KEY, candles: sampleMinutes(3, 6, 1) });
      assertEqual(result, { inserted: 0, updated: 3, unchanged: 0 }, 'the result');
      const expected = [...sampleMinutes(0, 3), ...sampleMinutes(3, 6, 1), ...sampleMinutes(6, 10)];
      await assertSeries(storage, KEY, expected, 'after replacing');
    },
  ),
  scenario('write/every-column', 'a change in one column alone is an update', async (storage) => {
    const candle = sampleCandle(START);
    await storage.candles.write({ key: KEY, candles: [candle] });
    for (const column of ['open', 'high', 'low', 'close', 'volume'] as const) {
      const by = column === 'low' ? -0.5 : 0.5;
      const changed = { ...candle, [column]: candle[column] + by };
      const result = await storage.candles.write({ key: KEY, candles: [changed] });
      assertEqual(result, { inserted: 0, updated: 1, unchanged: 0 }, `a new ${column}`);
      await assertSeries(storage, KEY, [changed], `after a new ${column}`);
      await storage.candles.write({ key: KEY, candles: [candle] });
    }
  }),
  scenario(
    'write/later-duplicate-wins',
    'of equal timestamps in a batch the later one is stored',
    async (storage) => {
      const [first, second, third] = [0, 1, 2].map((version) => sampleCandle(START, version));
      const candles = [first, second, sampleCandle(minute(1)), third].filter(
        (it) => it !== undefined,
      );
      const result = await storage.candles.write({ key: KEY, candles });
      assertEqual(result, { inserted: 2, updated: 0, unchanged: 0 }, 'duplicates count once');
      await assertSeries(
        storage,
        KEY,
        [sampleCandle(START, 2), sampleCandle(minute(1))],
        'after it',
      );
    },
  ),
  scenario(
    'write/later-batch-wins',
    'of equal timestamps in a call the later batch is stored',
    async (storage) => {
      const batches = [0, 1].map((version) => ({
        key: KEY,
        candles: sampleMinutes(0, 5, version),
      }));
      const result = await storage.candles.write(batches);
      assertEqual(result, { inserted: 5, updated: 5, unchanged: 0 }, 'the result');
      await assertSeries(storage, KEY, sampleMinutes(0, 5, 1), 'after both batches');
    },
  ),
  scenario('write/unsorted', 'input need not be sorted', async (storage) => {
    const candles = sampleMinutes(0, 500);
    const shuffled = candles.map((_, i) => candles[(i * 7) % 500]).filter((it) => it !== undefined);
    await storage.candles.write({ key: KEY, candles: shuffled });
    await assertSeries(storage, KEY, candles, 'after writing unsorted candles');
  }),
  scenario(
    'write/late-candles',
    'candles before and between stored ones find their place',
    async (storage) => {
      const even = sampleMinutes(0, 100).filter((_, i) => i % 2 === 0);
      const odd = sampleMinutes(0, 100).filter((_, i) => i % 2 === 1);
      await storage.candles.write({ key: KEY, candles: even });
      await storage.candles.write({ key: KEY, candles: odd });
      await storage.candles.write({ key: KEY, candles: sampleMinutes(-5, 0) });
      await assertSeries(storage, KEY, sampleMinutes(-5, 100), 'after late candles');
    },
  ),
  scenario('write/unchanged', 'writing the same again changes nothing', async (storage) => {
    const batch = { key: KEY, candles: sampleMinutes(0, 200) };
    await storage.candles.write(batch);
    const result = await storage.candles.write(batch);
    assertEqual(result, { inserted: 0, updated: 0, unchanged: 200 }, 'the result');
    await assertSeries(storage, KEY, sampleMinutes(0, 200), 'after writing twice');
  }),
  scenario(
    'write/counts',
    'inserted, updated and unchanged candles are told apart',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
      const candles = [
        ...sampleMinutes(5, 8),
        ...sampleMinutes(8, 10, 1),
        ...sampleMinutes(10, 14),
      ];
      const result = await storage.candles.write({ key: KEY, candles });
      assertEqual(result, { inserted: 4, updated: 2, unchanged: 3 }, 'the result');
    },
  ),
  scenario(
    'write/counts-over-batches',
    'counts add up over the batches of a call',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 4) });
      const result = await storage.candles.write([
        { key: KEY, candles: sampleMinutes(2, 6) },
        { key: OTHER_KEY, candles: sampleMinutes(0, 3) },
        { key: KEY, candles: sampleMinutes(0, 1, 1) },
      ]);
      assertEqual(result, { inserted: 5, updated: 1, unchanged: 2 }, 'the result');
    },
  ),
  scenario('write/mixed-keys', 'each batch goes to its own series', async (storage) => {
    const keys: SeriesKey[] = [
      KEY,
      OTHER_KEY,
      { ...KEY, timeframe: '5m' },
      { ...KEY, timeframe: '60s' },
    ];
    const candlesOf = (i: number) => [sampleCandle(START, i), sampleCandle(minute(5 * (i + 1)), i)];
    await storage.candles.write(keys.map((key, i) => ({ key, candles: candlesOf(i) })));
    for (const [i, key] of keys.entries()) {
      await assertSeries(storage, key, candlesOf(i), `${key.symbol} ${key.timeframe}`);
    }
  }),
  scenario('write/many-keys', 'one call can write hundreds of series', async (storage) => {
    const keyOf = (i: number): SeriesKey => ({ symbol: `KRW-${i}`, timeframe: '1m' });
    const batches = Array.from({ length: 300 }, (_, i) => ({
      key: keyOf(i),
      candles: [sampleCandle(START, i)],
    }));
    const result = await storage.candles.write(batches);
    assertEqual(result, { inserted: 300, updated: 0, unchanged: 0 }, 'the result');
    assertEqual((await storage.candles.list()).length, 300, 'how many series are listed');
    await assertSeries(storage, keyOf(299), [sampleCandle(START, 299)], 'the last series');
  }),
  scenario(
    'write/atomic',
    'one invalid candle in a late batch keeps the whole call out',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 2), covers: span(0, 2) });
      const bad = { ...sampleCandle(minute(9)), high: 0 };
      const batches: CandleBatch[] = [
        { key: KEY, candles: sampleMinutes(0, 9, 1), covers: span(0, 9) },
        { key: OTHER_KEY, candles: sampleMinutes(0, 9), covers: span(0, 9) },
        { key: KEY, candles: [...sampleMinutes(9, 12), bad] },
      ];
      await assertRejects(() => storage.candles.write(batches), 'INVALID_INPUT', 'the write', {
        batch: 2,
        index: 3,
        field: 'high',
      });
      await assertSeries(storage, KEY, sampleMinutes(0, 2), 'after the failed write');
      assertEqual(
        (await storage.coverage.of(KEY)).map(({ from, to }) => ({ from, to })),
        [span(0, 2)],
        'coverage after the failed write',
      );
      await assertNothingStored(storage, OTHER_KEY, 'a series of an earlier batch');
    },
  ),
  scenario('write/input-untouched', 'what is handed in is not changed', async (storage) => {
    const series = CandleSeries.from(KEY, sampleMinutes(0, 50));
    const copy = series.copy();
    const candles = [3, 1, 2, 1].map((i) => Object.freeze(sampleCandle(minute(i))));
    const covers = Object.freeze([Object.freeze(span(0, 5))]);
    const key = Object.freeze({ ...OTHER_KEY });
    await storage.candles.write([
      { key: KEY, candles: series },
      Object.freeze({ key, candles: Object.freeze(candles), covers }),
    ]);
    assertEqual(series.timestamp.byteLength, 50 * 8, 'the column was not transferred away');
    assertTrue(series.equals(copy), 'the series has the candles it had');
    assertEqual(
      candles.map(({ timestamp }) => timestamp),
      [3, 1, 2, 1].map(minute),
      'the order',
    );
  }),
  scenario(
    'write/input-not-kept',
    'changing what was handed in does not change what is stored',
    async (storage) => {
      const candles = sampleMinutes(0, 20).map((candle) => ({ ...candle }));
      const series = CandleSeries.from(OTHER_KEY, candles);
      const key = { ...KEY };
      await storage.candles.write([
        { key, candles },
        { key: OTHER_KEY, candles: series },
      ]);
      await storage.coverage.add(key, span(0, 3), { source: 'a' });
      key.symbol = 'changed';
      for (const candle of candles) candle.volume = 99;
      series.volume.fill(99);
      await assertSeries(storage, KEY, sampleMinutes(0, 20), 'after changing the objects');
      await assertSeries(storage, OTHER_KEY, sampleMinutes(0, 20), 'after changing the columns');
      assertEqual((await storage.coverage.of(KEY)).length, 1, 'coverage after changing the key');
    },
  ),
  scenario(
    'write/answers-not-shared',
    'an answer is not changed by later writes',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 20) });
      const before = await storage.candles.read({ ...KEY });
      await storage.candles.write({ key: KEY, candles: sampleMinutes(-5, 20, 1) });
      await storage.candles.remove(KEY);
      assertEqual(before.toArray(), sampleMinutes(0, 20), 'the earlier answer');
    },
  ),
  scenario(
    'write/covers',
    'coverage is stored with its candles, with source and time',
    async (storage, { clock }) => {
      clock.advance(12_345);
      await storage.candles.write({
        key: KEY,
        candles: sampleMinutes(0, 3),
        covers: [span(0, 3), span(10, 20)],
        source: 'upbit-rest',
      });
      const rest = { source: 'upbit-rest', collectedAt: clock.now() };
      const expected = [
        { ...span(0, 3), ...rest },
        { ...span(10, 20), ...rest },
      ];
      assertEqual(await storage.coverage.of(KEY), expected, 'the ledger');
    },
  ),
  scenario(
    'write/covers-alone',
    'coverage without a candle says that nothing was traded',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: [], covers: span(0, 60) });
      const [entry] = await storage.coverage.of(KEY);
      assertEqual(entry?.source, 'unknown', 'the source when none was given');
      assertEqual(await storage.coverage.missing(KEY, span(0, 60)), [], 'nothing is missing');
      assertEqual(await storage.candles.list(), [], 'a series without candles is not listed');
    },
  ),
  scenario(
    'write/covers-whole-periods',
    'of the coverage only whole periods count',
    async (storage) => {
      const covers = { from: minute(0) + 1, to: minute(5) - 1 };
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 5), covers });
      const ledger = (await storage.coverage.of(KEY)).map(({ from, to }) => ({ from, to }));
      assertEqual(ledger, [span(1, 4)], 'the ledger');
    },
  ),
  scenario('write/large', 'tens of thousands of candles in one write', async (storage) => {
    const result = await storage.candles.write({ key: KEY, candles: sampleMinutes(0, MANY) });
    assertEqual(result, { inserted: MANY, updated: 0, unchanged: 0 }, 'the result');
    await assertSeries(storage, KEY, sampleMinutes(0, MANY), 'after a large write');
  }),
  scenario('write/large-overlap', 'a large write over a large series', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, MANY) });
    const candles = [
      ...sampleMinutes(-1_000, 0),
      ...sampleMinutes(0, 20_000),
      ...sampleMinutes(20_000, MANY, 1),
    ];
    const result = await storage.candles.write({ key: KEY, candles });
    assertEqual(
      result,
      { inserted: 1_000, updated: MANY - 20_000, unchanged: 20_000 },
      'the result',
    );
    await assertSeries(storage, KEY, candles, 'after a large write over it');
  }),
  scenario(
    'write/appended-one-by-one',
    'candles can be appended one at a time',
    async (storage) => {
      for (let i = 0; i < 300; i += 1) {
        await storage.candles.write({ key: KEY, candles: sampleMinutes(i, i + 1) });
        await storage.candles.write({ key: KEY, candles: sampleMinutes(i, i + 1, 1) });
      }
      await assertSeries(storage, KEY, sampleMinutes(0, 300, 1), 'after 600 small writes');
    },
  ),
  scenario(
    'write/backwards',
    'pages can be filled in backwards, as exchanges deliver them',
    async (storage) => {
      for (let page = 24; page >= 0; page -= 1) {
        const candles = sampleMinutes(page * 200, page * 200 + 200).reverse();
        await storage.candles.write({
          key: KEY,
          candles,
          covers: span(page * 200, page * 200 + 200),
        });
      }
      await assertSeries(storage, KEY, sampleMinutes(0, 5_000), 'after 25 pages');
      assertEqual(await storage.coverage.missing(KEY, span(0, 5_000)), [], 'what is missing');
    },
  ),
];

function span(from: number, to: number): { from: number; to: number } {
  return { from: minute(from), to: minute(to) };
}
