import { isEqual } from '@barkeep/conformance';
import { CandleSeries } from '@barkeep/core';
import { describe, expect, it } from 'vitest';

const series = CandleSeries.from({ symbol: 'A', timeframe: '1m' }, []);

function otherNaN(): Float64Array {
  return new Float64Array(BigUint64Array.of(0x7ff8_0000_dead_beefn).buffer);
}

describe('isEqual', () => {
  it.each([
    [0, 0],
    [Number.NaN, Number.NaN],
    [
      [1, [2]],
      [1, [2]],
    ],
    [{ a: 1 }, { a: 1, b: undefined }],
    [Float64Array.of(1, -0), Float64Array.of(1, -0)],
    [null, null],
  ])('%o is %o', (a, b) => {
    expect(isEqual(a, b)).toBe(true);
    expect(isEqual(b, a)).toBe(true);
  });

  it.each([
    [0, -0],
    [1, '1'],
    [undefined, null],
    [[1], [1, 2]],
    [[], {}],
    [new Map([[1, 2]]), new Map([[1, 2]])],
    [new Error('a'), new Error('b')],
    [new Date(0), {}],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: [0] }, { a: [-0] }],
    [Float64Array.of(0), Float64Array.of(-0)],
    [Float64Array.of(1), [1]],
    [Float64Array.of(1), Uint8Array.of(1)],
    [Float64Array.of(1, 2), Float64Array.of(1)],
    [Float64Array.of(Number.NaN), otherNaN()],
    [series, { ...series }],
  ])('%o is not %o', (a, b) => {
    expect(isEqual(a, b)).toBe(false);
    expect(isEqual(b, a)).toBe(false);
  });
});
