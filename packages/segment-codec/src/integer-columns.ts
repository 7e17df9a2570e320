import { invalidInput } from '@barkeep/core';
import { bestScale, guessScale, MAX_EXCEPTION_SHARE } from './decimal-scale.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { POWERS_OF_TEN } from './segment-format.ts';

/** Values, and where their integers belong. */
export interface SourceColumn {
  readonly field: string;
  readonly values: Float64Array;
  readonly integersAt: number;
}

/** What makes values of the integers in the workspace: `integer * unit / 10 ** scale`. */
export interface IntegerColumns {
  readonly scale: number;
  readonly unit: number;
  /** For each column, the positions of the values that it does not make. */
  readonly exceptions: readonly (readonly number[])[];
}

/**
 * Turns columns into integers of one scale and unit; an integer near by stands for a value that
 * cannot be had so.
 * @returns `undefined` when too many cannot.
 * @throws BarkeepError `INVALID_INPUT` for NaN, an infinity or −0.
 */
export function integersOf(
  memory: KernelMemory,
  columns: readonly SourceColumn[],
): IntegerColumns | undefined {
  for (const column of columns) requireFit(memory, column);
  const all = columns.map(({ values }) => values);
  const guess = guessScale(all);
  if (guess === undefined) return undefined;

  let { scale } = guess;
  let lossy = toIntegers(memory, columns, scale);
  if (!guess.sure || lossy.some((number) => number > 0)) {
    scale = bestScale(all);
    lossy = toIntegers(memory, columns, scale);
  }
  const values = all.reduce((sum, column) => sum + column.length, 0);
  if (lossy.reduce((sum, number) => sum + number, 0) > values * MAX_EXCEPTION_SHARE)
    return undefined;

  const exceptions = columns.map((column, i) => {
    return lossy[i] === 0 ? [] : exceptionsOf(memory, column, scale);
  });
  const unit = commonUnit(memory, columns, scale);
  if (unit > 1) {
    for (const { integersAt, values } of columns) {
      memory.kernel.divide(integersAt, values.length, unit);
    }
  }
  return { scale, unit, exceptions };
}

function requireFit({ kernel, doubles }: KernelMemory, { field, values }: SourceColumn): void {
  doubles.set(values, WORKSPACE.values >>> 3);
  const index = kernel.firstUnfit(WORKSPACE.values, values.length);
  if (index === values.length) return;
  const rule = 'must be a finite number and not -0';
  throw invalidInput({ field, rule, value: values[index], index });
}

function toIntegers(
  { kernel, doubles }: KernelMemory,
  columns: readonly SourceColumn[],
  scale: number,
): number[] {
  return columns.map(({ values, integersAt }) => {
    doubles.set(values, WORKSPACE.values >>> 3);
    const power = POWERS_OF_TEN[scale] ?? 1;
    return kernel.toIntegers(WORKSPACE.values, integersAt, values.length, power);
  });
}

function exceptionsOf(
  { doubles }: KernelMemory,
  { values, integersAt }: SourceColumn,
  scale: number,
): number[] {
  const power = POWERS_OF_TEN[scale] ?? 1;
  const at = integersAt >>> 3;
  const positions: number[] = [];
  for (let i = 0; i < values.length; i += 1) {
    if ((doubles[at + i] ?? 0) / power !== values[i]) positions.push(i);
  }
  return positions;
}

/** The greatest integer that divides all integers, save those that stand for exceptions. */
function commonUnit(
  { kernel, doubles }: KernelMemory,
  columns: readonly SourceColumn[],
  scale: number,
): number {
  const power = POWERS_OF_TEN[scale] ?? 1;
  let unit = 0;
  for (const { values, integersAt } of columns) {
    const at = integersAt >>> 3;
    for (let i = 0; i < values.length && unit !== 1; i += 1) {
      if (unit > 1) i = kernel.firstNotMultiple(integersAt, i, values.length, unit);
      const integer = doubles[at + i] ?? 0;
      const exact = i < values.length && integer / power === values[i];
      if (exact) unit = greatestCommonDivisor(unit, Math.abs(integer));
    }
  }
  return Math.max(unit, 1);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
