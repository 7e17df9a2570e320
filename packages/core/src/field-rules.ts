import { epochMsFault } from './epoch-ms.ts';
import { invalidInput } from './invalid-input.ts';

/** The rule that a value breaks as a number, which is finite and not −0; `undefined` when it breaks none. */
export function numberFault(value: unknown): string | undefined {
  if (typeof value !== 'number') return 'must be a number';
  if (!Number.isFinite(value)) return 'must be a finite number';
  return Object.is(value, -0) ? 'must not be -0' : undefined;
}

/** The same of an amount: a number of at least zero. */
export function amountFault(value: unknown): string | undefined {
  return numberFault(value) ?? (Number(value) < 0 ? 'must not be negative' : undefined);
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
