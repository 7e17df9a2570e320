import type { SeriesKey } from '@barkeep/core';
import type { SeriesInfo } from '@barkeep/storage';
import { assertEqual } from '../../assertions.ts';
import { KEY, minute, START, sampleCandle, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertListed } from '../stored-state.ts';

const KEYS: readonly SeriesKey[] = [
  { symbol: 'b', timeframe: '1m' },
  { symbol: 'B', timeframe: '5m' },
  { symbol: 'a', timeframe: '1d' },
  { symbol: 'a', timeframe: '15m' },
  { symbol: 'a', timeframe: '1M' },
  { symbol: 'ab', timeframe: '1m' },
];

export const listScenarios: readonly StorageScenario[] = [
  scenario('list/empty', 'an empty storage lists nothing', async (storage) => {
    assertEqual(await storage.candles.list(), [], 'the list');
  }),
  scenario('list/order', 'by symbol and then timeframe, in code unit order', async (storage) => {
    await storage.candles.write(KEYS.map((key) => ({ key, candles: [sampleCandle(START)] })));
    assertEqual(
      (await storage.candles.list()).map(nameOf),
      ['B 5m', 'a 15m', 'a 1M', 'a 1d', 'ab 1m', 'b 1m'],
      'the order',
    );
  }),
  scenario(
    'list/filter',
    'a filter selects by symbol, by timeframe, or by both',
    async (storage) => {
      await storage.candles.write(KEYS.map((key) => ({ key, candles: [sampleCandle(START)] })));
      const named = async (filter: Partial<SeriesKey>): Promise<string[]> =>
        (await storage.candles.list(filter)).map(nameOf);
      assertEqual(await named({ symbol: 'a' }), ['a 15m', 'a 1M', 'a 1d'], 'by symbol');
      assertEqual(await named({ timeframe: '1m' }), ['ab 1m', 'b 1m'], 'by timeframe');
      assertEqual(await named({ symbol: 'a', timeframe: '1M' }), ['a 1M'], 'by both');
      assertEqual(await named({ symbol: 'a', timeframe: '5m' }), [], 'by both, without a match');
      assertEqual((await named({})).length, KEYS.length, 'by nothing');
    },
  ),
  scenario(
    'list/kept-true',
    'count, first and last are true after every kind of change',
    async (storage) => {
      const { candles } = storage;
      await candles.write({ key: KEY, candles: sampleMinutes(10, 20) });
      await assertListed(storage, KEY, sampleMinutes(10, 20), 'after an insert');
      await candles.write({ key: KEY, candles: sampleMinutes(15, 25, 1) });
      await assertListed(storage, KEY, sampleMinutes(10, 25), 'after an overlap');
      await candles.write({ key: KEY, candles: sampleMinutes(5, 6) });
      await assertListed(
        storage,
        KEY,
        [...sampleMinutes(5, 6), ...sampleMinutes(10, 25)],
        'after a late candle',
      );
      await candles.remove(KEY, { from: minute(5), to: minute(11) });
      await assertListed(storage, KEY, sampleMinutes(11, 25), 'after removing the first');
      await candles.remove(KEY, { from: minute(24), to: minute(30) });
      await assertListed(storage, KEY, sampleMinutes(11, 24), 'after removing the last');
      await candles.remove(KEY, { from: minute(0), to: minute(30) });
      await assertListed(storage, KEY, [], 'after removing all');
    },
  ),
];

function nameOf({ symbol, timeframe }: SeriesInfo): string {
  return `${symbol} ${timeframe}`;
}
