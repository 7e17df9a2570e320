import type { CacheValue } from '@barkeep/cache';
import { type Candle, CandleSeries } from '@barkeep/core';

/** A value of every kind that can be cached, and the corners of each, by a stable name. */
export const SAMPLE_VALUES: Readonly<Record<string, CacheValue>> = {
  null: null,
  true: true,
  false: false,
  zero: 0,
  'negative-zero': -0,
  nan: Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  'largest-number': Number.MAX_VALUE,
  'smallest-number': Number.MIN_VALUE,
  'empty-string': '',
  'unicode-string': '비트코인 🚀 \u0000 \u2028',
  'lone-surrogate': 'before \ud800 after',
  'numeric-string': '12',
  'bigint-zero': 0n,
  'bigint-huge': -(2n ** 130n) + 1n,
  'empty-bytes': new Uint8Array(0),
  bytes: Uint8Array.of(0, 1, 127, 128, 255),
  'bytes-view': new Uint8Array(Uint8Array.of(9, 8, 7, 6, 5, 4, 3, 2, 1).buffer, 1, 5),
  'empty-numbers': new Float64Array(0),
  numbers: oddNumbers(),
  'numbers-view': Float64Array.of(1, 2, 3, 4, 5).subarray(1, 4),
  'empty-series': sampleSeries(0),
  series: sampleSeries(500),
  'series-slice': sampleSeries(500).slice(100, 150),
  'empty-array': [],
  array: [1, 'two', null, [3n, [false]], Float64Array.of(-0)],
  'empty-object': {},
  object: { a: 1, b: { c: [true, { d: 'deep' }] }, '': 'empty name', 'ü:*%': 2 },
  'mixed-object': { series: sampleSeries(3), id: 2n ** 64n, bytes: Uint8Array.of(1, 2) },
  // The tags that serializers commonly use, as data.
  'looks-encoded': { $type: 'bigint', value: '1', $bigint: '1', type: 'Buffer', data: [1] },
  'string-like-bigint': '1n',
  'hostile-names': JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}'),
  'deep-nesting': JSON.parse(`${'[{"in":'.repeat(30)}1${'}]'.repeat(30)}`),
  'long-string': 'x'.repeat(100_000),
  'long-bytes': Uint8Array.from({ length: 70_000 }, (_, i) => i % 251),
  'long-numbers': Float64Array.from({ length: 20_000 }, (_, i) => i / 7),
};

function sampleSeries(count: number): CandleSeries {
  const candles = Array.from({ length: count }, (_, i): Candle => {
    const prices = { open: 100.25 + i, high: 101.5 + i, low: 99.125 + i, close: 100.1 + i };
    return { timestamp: Date.UTC(2026, 0, 1) + i * 3_600_000, ...prices, volume: i / 3 };
  });
  return CandleSeries.from({ symbol: 'cafe\u0301', timeframe: '1h' }, candles);
}

/** Both zeros, both infinities, a subnormal, and NaN with an unusual bit pattern. */
function oddNumbers(): Float64Array {
  const numbers = Float64Array.of(0, -0, Infinity, -Infinity, Number.MIN_VALUE, 1 / 3, Number.NaN);
  new DataView(numbers.buffer).setBigUint64(6 * 8, 0x7ff8_0000_dead_beefn, true);
  return numbers;
}
