import { isEqual } from '@barkeep/conformance';
import { describe, expect, it } from 'vitest';

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
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: [0] }, { a: [-0] }],
    [Float64Array.of(0), Float64Array.of(-0)],
    [Float64Array.of(1), [1]],
    [Float64Array.of(1), Uint8Array.of(1)],
    [Float64Array.of(1, 2), Float64Array.of(1)],
  ])('%o is not %o', (a, b) => {
    expect(isEqual(a, b)).toBe(false);
    expect(isEqual(b, a)).toBe(false);
  });
});
