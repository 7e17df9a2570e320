import { assertEqual } from '../../assertions.ts';
import { KEY, minute, OTHER_KEY, START, sampleCandle, sampleMinutes } from '../sample-candles.ts';
import { bareScenario, lasting, type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertNothingStored, assertSeries } from '../stored-state.ts';

export const reopenScenarios: readonly StorageScenario[] = [
  bareScenario(
    'reopen/own-data',
    'two storages over data of their own share nothing',
    async (context) => {
      const [one, other] = [await context.open(), await context.open()];
      await one.candles.write({ key: KEY, candles: sampleMinutes(0, 5) });
      await one.metadata.set('note', 1);
      await assertNothingStored(other, KEY, 'the other storage');
      assertEqual(await other.metadata.keys(), [], "the other storage's documents");
      await other.close();
      await assertSeries(one, KEY, sampleMinutes(0, 5), 'after the other was closed');
    },
  ),
  scenario(
    'reopen/candles',
    'candles outlive the handle',
    async (storage, context) => {
      await storage.candles.write([
        { key: KEY, candles: sampleMinutes(0, 5_000) },
        { key: OTHER_KEY, candles: sampleMinutes(3, 4) },
      ]);
      await storage.candles.write({ key: KEY, candles: sampleMinutes(100, 200, 1) });
      await storage.candles.remove(KEY, { from: minute(4_000), to: minute(4_500) });
      const expected = [
        ...sampleMinutes(0, 100),
        ...sampleMinutes(100, 200, 1),
        ...sampleMinutes(200, 4_000),
        ...sampleMinutes(4_500, 5_000),
      ];
      const again = await context.reopen(storage);
      await assertSeries(again, KEY, expected, 'after reopening');
      await assertSeries(again, OTHER_KEY, sampleMinutes(3, 4), 'another series after reopening');
    },
    lasting,
  ),
  scenario(
    'reopen/last-write',
    'the last write before closing is there',
    async (storage, context) => {
      for (let i = 0; i < 20; i += 1) {
        await storage.candles.write({ key: KEY, candles: sampleMinutes(i, i + 1) });
      }
      const again = await context.reopen(storage);
      await assertSeries(again, KEY, sampleMinutes(0, 20), 'after reopening');
    },
    lasting,
  ),
  scenario(
    'reopen/no-duplicates',
    'what was stored is not stored again after reopening',
    async (storage, context) => {
      const batch = { key: KEY, candles: sampleMinutes(0, 100) };
      await storage.candles.write(batch);
      const again = await context.reopen(storage);
      const result = await again.candles.write(batch);
      assertEqual(result, { inserted: 0, updated: 0, unchanged: 100 }, 'writing the same again');
      await assertSeries(again, KEY, sampleMinutes(0, 100), 'after writing the same again');
      const next = await again.candles.write({ key: KEY, candles: sampleMinutes(98, 102, 1) });
      assertEqual(next, { inserted: 2, updated: 2, unchanged: 0 }, 'writing on');
    },
    lasting,
  ),
  scenario(
    'reopen/coverage',
    'coverage outlives the handle',
    async (storage, context) => {
      await storage.candles.write({
        key: KEY,
        candles: sampleMinutes(0, 5),
        covers: { from: minute(0), to: minute(5) },
        source: 'a',
      });
      await storage.coverage.add(KEY, { from: minute(5), to: minute(9) }, { source: 'b' });
      await storage.coverage.remove(KEY, { from: minute(1), to: minute(2) });
      const before = await storage.coverage.of(KEY);
      assertEqual(before.length, 3, 'the entries before');
      const again = await context.reopen(storage);
      assertEqual(await again.coverage.of(KEY), before, 'the ledger after reopening');
    },
    lasting,
  ),
  scenario(
    'reopen/metadata',
    'documents outlive the handle',
    async (storage, context) => {
      await storage.metadata.set('kept', { n: 0.1, text: '비트코인' });
      await storage.metadata.set('gone', 1);
      await storage.metadata.delete('gone');
      const again = await context.reopen(storage);
      assertEqual(await again.metadata.keys(), ['kept'], 'the keys after reopening');
      assertEqual(await again.metadata.get('kept'), { n: 0.1, text: '비트코인' }, 'the document');
    },
    lasting,
  ),
  scenario(
    'reopen/bit-exact',
    'values are the same bits after reopening',
    async (storage, context) => {
      const values = [5e-324, Number.MAX_VALUE, 0.1 + 0.2, 1 / 3, 2 ** 53 + 2, 0];
      const candles = values.map((value, i) => ({
        ...sampleCandle(minute(i)),
        open: value,
        high: value,
        low: value,
        close: value,
        volume: value,
      }));
      await storage.candles.write({ key: KEY, candles });
      await assertSeries(await context.reopen(storage), KEY, candles, 'after reopening');
    },
    lasting,
  ),
  scenario(
    'reopen/removed',
    'a removed series stays removed',
    async (storage, context) => {
      await storage.candles.write({
        key: KEY,
        candles: sampleMinutes(0, 10),
        covers: { from: minute(0), to: minute(10) },
      });
      await storage.candles.remove(KEY);
      await assertNothingStored(await context.reopen(storage), KEY, 'after reopening');
    },
    lasting,
  ),
  scenario(
    'reopen/symbols',
    'symbols are the same after reopening',
    async (storage, context) => {
      const symbols = ['BTC%', 'BTC:PERP', 'btc', 'BTC', '비트코인', '1000*', '🚀', ' ', "'"];
      await storage.candles.write(
        symbols.map((symbol, i) => ({
          key: { symbol, timeframe: '1m' as const },
          candles: [sampleCandle(START, i)],
        })),
      );
      const again = await context.reopen(storage);
      for (const [i, symbol] of symbols.entries()) {
        await assertSeries(again, { symbol, timeframe: '1m' }, [sampleCandle(START, i)], symbol);
      }
    },
    lasting,
  ),
  scenario(
    'reopen/many-times',
    'a storage can be reopened again and again',
    async (storage, context) => {
      let current = storage;
      for (let i = 0; i < 4; i += 1) {
        await current.candles.write({ key: KEY, candles: sampleMinutes(i * 10, i * 10 + 12, i) });
        await current.flush();
        current = await context.reopen(current);
      }
      const expected = [
        ...sampleMinutes(0, 10, 0),
        ...sampleMinutes(10, 20, 1),
        ...sampleMinutes(20, 30, 2),
        ...sampleMinutes(30, 42, 3),
      ];
      await assertSeries(current, KEY, expected, 'after four times');
    },
    lasting,
  ),
  scenario(
    'reopen/empty',
    'an empty storage can be reopened',
    async (storage, context) => {
      const again = await context.reopen(storage);
      assertEqual(await again.candles.list(), [], 'the series');
      assertEqual(await again.metadata.keys(), [], 'the documents');
    },
    lasting,
  ),
];
