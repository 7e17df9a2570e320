import { invalidInput } from '@barkeep/core';

/** @throws BarkeepError `INVALID_INPUT` naming the field. */
export function requireCount(value: unknown, field: string, least: number): void {
  if (Number.isSafeInteger(value) && typeof value === 'number' && value >= least) return;
  throw invalidInput({ field, rule: `must be a whole number of at least ${least}`, value });
}

/** @throws BarkeepError `INVALID_INPUT` naming the field. */
export function requireObject(value: unknown, field: string): asserts value is object {
  if (typeof value === 'object' && value !== null) return;
  throw invalidInput({ field, rule: 'must be an object', value });
}

/** @throws BarkeepError `INVALID_INPUT` naming the field. */
export function requireMethod(value: unknown, field: string, method: string): void {
  const found: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, method) : undefined;
  if (typeof found === 'function') return;
  throw invalidInput({ field, rule: `must have a method ${method}()`, value });
}
