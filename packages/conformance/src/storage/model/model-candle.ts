import { CANDLE_COLUMNS, type Candle, type EpochMs, OPTIONAL_COLUMNS } from '@barkeep/core';
import { sampleCandle } from '../sample-candles.ts';

/** The values of a version differ from those of version 0 in this column alone, by a little. */
const COLUMNS = ['open', 'high', 'low', 'close', 'volume'] as const;

/** Values that a storage may spoil: on the way through a decimal, a float, an integer or a sort. */
const DOUBLES: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0],
  [-37.63, -0.01, -40.32, -13.1, 0.1 + 0.2],
  [1e-8, Number.MAX_VALUE, 5e-324, 2.2250738585072014e-308, 1e308],
  [1 / 3, 2 ** 53 + 2, -(2 ** 53) + 1, 12_345.678901234567, 2 ** 31],
  [7, 7, 7, 7, 1e-11],
];

/** A candle of one of the `VERSIONS`. */
export function modelCandle(timestamp: EpochMs, version: number): Candle {
  const candle = sampleCandle(timestamp);
  if (version <= 1) return sampleCandle(timestamp, version);
  const column = COLUMNS[version - 2];
  if (column !== undefined)
    return { ...candle, [column]: candle[column] + (column === 'low' ? -0.5 : 0.5) };
  const optional = OPTIONAL_COLUMNS[version - 7 - DOUBLES.length];
  if (optional !== undefined) {
    const isCount = CANDLE_COLUMNS[optional].values === 'count';
    return { ...candle, [optional]: isCount ? 2 ** 40 + 1 : 1 / 3 };
  }
  const [open = 0, high = 0, low = 0, close = 0, volume = 0] = DOUBLES[version - 7] ?? [];
  return { timestamp, open, high, low, close, volume };
}
