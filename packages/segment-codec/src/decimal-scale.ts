import { INTEGER_LIMIT, MAX_SCALE, POWERS_OF_TEN } from './segment-format.ts';

/** The decimals of a value that is no integer within limits at any scale. */
export const NOT_DECIMAL: number = MAX_SCALE + 1;

/** Values looked at, of each column, for a first guess. */
const SAMPLES = 32;
/** What one more decimal adds to every value. */
const BITS_PER_DECIMAL = Math.log2(10);
/** What a value that is stored apart takes: its position and its double. */
const BITS_PER_EXCEPTION = 80;
/** Where fewer of the samples need all decimals of the guess, every value is looked at. */
const SURE_SHARE = 0.25;
/** Where more of the values than this are no decimals, they are stored as bits. */
export const MAX_EXCEPTION_SHARE = 0.25;

/** Added to a double within ±2^51 and taken away again, it rounds to an integer, ties to even. */
const ROUNDER = 1.5 * 2 ** 52;

/** The fewest decimals with which a value is an integer divided, exactly, by a power of ten. */
export function decimalsOf(value: number): number {
  for (let scale = 0; scale <= MAX_SCALE; scale += 1) {
    const power = POWERS_OF_TEN[scale] ?? 1;
    const scaled = value * power;
    if (Math.abs(scaled) > INTEGER_LIMIT) return NOT_DECIMAL;
    if ((scaled + ROUNDER - ROUNDER) / power === value) return scale;
  }
  return NOT_DECIMAL;
}

/** A scale for values, and whether a few samples leave no doubt about it. */
export interface GuessedScale {
  readonly scale: number;
  readonly sure: boolean;
}

/** A scale judged by samples; `undefined` when too many of them are no decimals. */
export function guessScale(columns: readonly Float64Array[]): GuessedScale | undefined {
  const histogram = new Int32Array(NOT_DECIMAL + 1);
  let samples = 0;
  for (const column of columns) {
    const step = Math.max(1, Math.floor(column.length / SAMPLES));
    for (let i = 0; i < column.length; i += step) {
      count(histogram, column[i] ?? 0);
      samples += 1;
    }
  }
  if ((histogram[NOT_DECIMAL] ?? 0) > samples * MAX_EXCEPTION_SHARE) return undefined;
  const scale = histogram.subarray(0, NOT_DECIMAL).findLastIndex((number) => number > 0);
  return { scale, sure: (histogram[scale] ?? 0) >= samples * SURE_SHARE };
}

/** The scale with which values, and those it leaves over as exceptions, take the fewest bits. */
export function bestScale(columns: readonly Float64Array[]): number {
  const histogram = new Int32Array(NOT_DECIMAL + 1);
  let values = 0;
  for (const column of columns) {
    for (const value of column) count(histogram, value);
    values += column.length;
  }
  let best = 0;
  let bestBits = Number.POSITIVE_INFINITY;
  let exceptions = values;
  for (let scale = 0; scale <= MAX_SCALE; scale += 1) {
    exceptions -= histogram[scale] ?? 0;
    const bits = values * scale * BITS_PER_DECIMAL + exceptions * BITS_PER_EXCEPTION;
    if (bits >= bestBits) continue;
    bestBits = bits;
    best = scale;
  }
  return best;
}

function count(histogram: Int32Array, value: number): void {
  const decimals = decimalsOf(value);
  histogram[decimals] = (histogram[decimals] ?? 0) + 1;
}
