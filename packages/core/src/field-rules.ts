import { epochMsFault } from './epoch-ms.ts';
import { invalidInput } from './invalid-input.ts';

/** Returns the rule a value breaks as a number (finite, not −0), or `undefined` if it is valid. */
export function numberFault(value: unknown): string | undefined {
  if (typeof value !== 'number') return 'must be a number';
  if (!Number.isFinite(value)) return 'must be a finite number';
  return Object.is(value, -0) ? 'must not be -0' : undefined;
}

/**
 * Returns the rule a value breaks as an amount (a number of at least 0), or `undefined` if it is
 * valid.
 */
export function amountFault(value: unknown): string | undefined {
  return numberFault(value) ?? (Number(value) < 0 ? 'must not be negative' : undefined);
}

/**
 * Throws unless the value is a timestamp in epoch milliseconds.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function requiredTimestamp(
  value: unknown,
  field: string,
  index?: number,
): asserts value is number {
  const rule = epochMsFault(value);
  if (rule !== undefined) throw fault(field, rule, value, index);
}

/**
 * Throws unless the value is `undefined` or a whole number of at least 0.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function optionalLimit(value: unknown, field = 'limit'): void {
  if (value === undefined) return;
  if (!Number.isSafeInteger(value) || (value as number) < 0 || Object.is(value, -0)) {
    throw fault(field, 'must be a whole number of at least 0', value, undefined);
  }
}

/**
 * Throws if an object has a key that is not in the list, such as a misspelled option.
 * @throws BarkeepError `INVALID_INPUT`.
 */
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
