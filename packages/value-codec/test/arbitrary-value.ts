import type { CacheValue } from '@barkeep/cache';
import { type Candle, CandleSeries, type Timeframe, timeframeGrid } from '@barkeep/core';
import fc from 'fast-check';

export function sampleSeries(length: number, timeframe: Timeframe = '1m'): CandleSeries {
  const grid = timeframeGrid(timeframe);
  const first = grid.ceil(Date.UTC(2026, 0));
  const candles = Array.from({ length }, (_, i): Candle => {
    const open = 50_000 + (i % 17) / 100;
    const timestamp = grid.shift(first, i);
    return { timestamp, open, high: open + 1, low: open - 1, close: open, volume: i / 8 };
  });
  return CandleSeries.from({ symbol: '비트코인', timeframe }, candles);
}

const timeframe = fc.constantFrom<Timeframe>('1s', '1m', '7m', '60m', '4h', '1d', '1w', '1M', '1y');

const series = fc
  .tuple(fc.constantFrom(0, 1, 3, 200), timeframe, fc.nat(3))
  .map(([length, name, start]) => sampleSeries(length, name).slice(start));

/** Numbers and bytes that are a slice of more, at every alignment. */
const bytes = fc
  .tuple(fc.uint8Array({ maxLength: 20 }), fc.nat(9))
  .map(([all, start]) => all.subarray(start));
const doubles = fc
  .tuple(fc.float64Array({ maxLength: 9 }), fc.nat(4))
  .map(([all, start]) => all.subarray(start));

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
  fc.constantFrom('', '\ufeff', '\ufeffx', 'x\ufeff', '\ud800', 'x'.repeat(300)),
);

const name = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', '0', 'key'));

const leaf: fc.Arbitrary<CacheValue> = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 64), Number.MIN_VALUE),
  text,
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 2_000n), max: 2n ** 2_000n }),
  fc.boolean(),
  fc.constant(null),
  series,
  bytes,
  doubles,
);

export const arbitraryValue: fc.Arbitrary<CacheValue> = fc.letrec<{ value: CacheValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: false }),
    tie('value').map((part) => [part, { again: part }, part]),
  ),
})).value;
