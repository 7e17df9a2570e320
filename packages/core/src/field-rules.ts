import { epochMsFault } from './epoch-ms.ts';
import { invalidInput } from './invalid-input.ts';

/** @throws BarkeepError `INVALID_INPUT` unless the value is a finite number and not −0. */
export function requiredNumber(
  value: unknown,
  field: string,
  index?: number,
): asserts value is number {
  const rule =
    typeof value !== 'number'
      ? 'must be a number'
      : !Number.isFinite(value)
        ? 'must be a finite number'
        : Object.is(value, -0)
          ? 'must not be -0'
          : undefined;
  if (rule !== undefined) throw fault(field, rule, value, index);
}

/** As `requiredNumber`, with `undefined` allowed. */
export function optionalNumber(value: unknown, field: string, index?: number): void {
  if (value !== undefined) requiredNumber(value, field, index);
}

/** @throws BarkeepError `INVALID_INPUT` unless the value is a finite number of at least zero. */
export function requiredAmount(
  value: unknown,
  field: string,
  index?: number,
): asserts value is number {
  requiredNumber(value, field, index);
  if (value < 0) throw fault(field, 'must not be negative', value, index);
}

/** @throws BarkeepError `INVALID_INPUT` unless the value is a finite number above zero. */
export function requiredPrice(
  value: unknown,
  field: string,
  index?: number,
): asserts value is number {
  requiredNumber(value, field, index);
  if (value <= 0) throw fault(field, 'must be above 0', value, index);
}

/** @throws BarkeepError `INVALID_INPUT` unless the value is an instant in epoch milliseconds. */
export function requiredTimestamp(
  value: unknown,
  field: string,
  index?: number,
): asserts value is number {
  const rule = epochMsFault(value);
  if (rule !== undefined) throw fault(field, rule, value, index);
}

/** @throws BarkeepError `INVALID_INPUT` unless the value is a whole number of at least zero, or absent. */
export function optionalLimit(value: unknown, field = 'limit'): void {
  if (value === undefined) return;
  if (!Number.isSafeInteger(value) || (value as number) < 0 || Object.is(value, -0)) {
    throw fault(field, 'must be a whole number of at least 0', value, undefined);
  }
}

/** @throws BarkeepError `INVALID_INPUT` when an object has a key that is not in the list. */
export function onlyKnownKeys(value: object, known: readonly string[], field: string): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw fault(field, `has no option "${key}" (known: ${known.join(', ')})`, key, undefined);
    }
  }
}

function fault(field: string, rule: string, value: unknown, index: number | undefined): Error {
  return invalidInput({ field, rule, value, ...(index === undefined ? {} : { index }) });
}
