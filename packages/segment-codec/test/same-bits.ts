import { type Candle, type CandleColumns, REQUIRED_COLUMNS } from '@barkeep/core';
import { expect } from 'vitest';

/** Expects doubles to be equal bit for bit. */
export function expectSameBits(
  actual: Float64Array,
  expected: Float64Array,
  what = 'values',
): void {
  expect(actual.length, what).toBe(expected.length);
  const [left, right] = [bitsOf(actual), bitsOf(expected)];
  const index = left.findIndex((bits, i) => bits !== right[i]);
  expect(index, `${what} differ at: ${actual[index]} instead of ${expected[index]}`).toBe(-1);
}

export function expectSameColumns(
  actual: Partial<CandleColumns>,
  expected: CandleColumns,
  columns: readonly (keyof Candle)[] = REQUIRED_COLUMNS,
): void {
  for (const column of columns) {
    expectSameBits(actual[column] ?? NO_VALUES, expected[column] ?? NO_VALUES, column);
  }
}

const NO_VALUES = new Float64Array(0);

function bitsOf(values: Float64Array): BigUint64Array {
  return new BigUint64Array(values.slice().buffer);
}
