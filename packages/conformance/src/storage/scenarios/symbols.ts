import type { SeriesKey } from '@barkeep/core';
import { assertEqual } from '../../assertions.ts';
import { sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertNothingStored, assertSeries } from '../stored-state.ts';

/** Each group holds symbols that a careless storage would take for one another. */
export const SYMBOL_GROUPS: Readonly<Record<string, readonly string[]>> = {
  'sql-wildcards': ['BTC_USDT', 'BTCXUSDT', 'BTC%', 'BTC', 'BTC%USDT', '%', '_'],
  globs: ['1000*', '1000', '1000SHIB', '*', '?', '[a-z]', 'x'],
  separators: [
    'BTC:PERP',
    'BTC',
    'BTC:',
    ':BTC',
    '1m:BTC',
    'BTC/USDT',
    'BTC|1m',
    '../BTC',
    'BTC\\',
  ],
  quotes: ["O'Brien", 'O"Brien', 'O`Brien', "'; DROP TABLE candles; --", "''", '$1', ':x', '{x}'],
  case: ['krw-btc', 'KRW-BTC', 'Krw-Btc', 'ß', 'SS', 'ss', 'İ', 'i'],
  unicode: ['비트코인', '비트', '🚀', '🚀🚀', 'é', 'e\u0301', 'ﬁ', 'fi', '\u200b', '\uffff'],
  prefixes: ['A', 'AA', 'AAA', 'users', 'users-archive'],
  whitespace: [' ', '  ', ' A', 'A ', 'A', 'A\n', '\t'],
  reserved: ['__proto__', 'constructor', 'toString', 'null', 'undefined', '0', '-1', 'NaN'],
  long: ['x'.repeat(512), 'x'.repeat(511), `${'x'.repeat(511)}y`],
};

export const symbolScenarios: readonly StorageScenario[] = Object.entries(SYMBOL_GROUPS).map(
  ([name, symbols]) =>
    scenario(`symbols/${name}`, `symbols are opaque: ${name}`, async (storage) => {
      const keys = symbols.map((symbol): SeriesKey => ({ symbol, timeframe: '1m' }));
      const candlesOf = (i: number) => sampleMinutes(i, i + 2, i);
      await storage.candles.write(
        keys.map((key, i) => ({
          key,
          candles: candlesOf(i),
          covers: { from: 0, to: (i + 1) * 60_000 },
        })),
      );
      for (const [i, key] of keys.entries()) {
        await assertSeries(storage, key, candlesOf(i), showSymbol(key));
        const [entry] = await storage.coverage.of(key);
        assertEqual(entry?.to, (i + 1) * 60_000, `the coverage of ${showSymbol(key)}`);
      }
      const listed = (await storage.candles.list()).map(({ symbol }) => symbol);
      assertEqual(listed, [...symbols].sort(byCodeUnit), 'the listed symbols');
      for (const [i, key] of keys.entries()) {
        assertEqual(await storage.candles.remove(key), 2, `removing ${showSymbol(key)}`);
        await assertNothingStored(storage, key, showSymbol(key));
        assertEqual((await storage.candles.list()).length, keys.length - i - 1, 'the others stay');
      }
    }),
);

function showSymbol({ symbol }: SeriesKey): string {
  return JSON.stringify(symbol.slice(0, 40));
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
