import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';
import { isEqual } from './is-equal.ts';
import { showValue } from './show-value.ts';

/** A promise of the contract that an adapter broke. */
export class ConformanceError extends Error {
  override readonly name: string = 'ConformanceError';
}

/** Asserts what must be the case; the message says it. */
export function assertTrue(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new ConformanceError(`this must hold: ${expectation}`);
}

/** Deep equality, see `isEqual`. Of lists the first item that differs is shown. */
export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  if (isEqual(actual, expected)) return;
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length === expected.length) {
    for (const [i, one] of actual.entries()) assertEqual(one, expected[i], `${what} [${i}]`);
  }
  throw new ConformanceError(`${what}: expected ${showValue(expected)}, got ${showValue(actual)}`);
}

/** A value that must be there. */
export function assertDefined<T>(value: T, what: string): NonNullable<T> {
  if (value === undefined || value === null) throw new ConformanceError(`${what} is missing`);
  return value;
}

/** What a promise rejects with. A call that throws instead of returning a promise breaks the contract. */
export async function rejectionOf(call: () => Promise<unknown>, what: string): Promise<unknown> {
  let promise: Promise<unknown>;
  try {
    promise = call();
  } catch (error) {
    throw new ConformanceError(`${what} throws where it should reject: ${showValue(error)}`);
  }
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new ConformanceError(`${what} should reject; it resolved with ${showValue(outcome.value)}`);
}

/** Asserts a rejection with a BarkeepError of `code` whose details include all of `details`. */
export async function assertRejects(
  call: () => Promise<unknown>,
  code: BarkeepErrorCode,
  what: string,
  details: Readonly<Record<string, unknown>> = {},
): Promise<BarkeepError> {
  return assertBarkeepError(await rejectionOf(call, what), code, what, details);
}

/** Asserts the same of a call that throws at once. */
export function assertThrows(
  call: () => unknown,
  code: BarkeepErrorCode,
  what: string,
  details: Readonly<Record<string, unknown>> = {},
): BarkeepError {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return assertBarkeepError(error, code, what, details);
  }
  throw new ConformanceError(`${what} should throw ${code}; it returned ${showValue(value)}`);
}

function assertBarkeepError(
  error: unknown,
  code: BarkeepErrorCode,
  what: string,
  details: Readonly<Record<string, unknown>>,
): BarkeepError {
  if (!BarkeepError.is(error)) {
    throw new ConformanceError(`${what} should fail with ${code}, not with ${showValue(error)}`, {
      cause: error,
    });
  }
  if (error.code !== code) {
    throw new ConformanceError(`${what} should fail with ${code}, not ${error.code}`, {
      cause: error,
    });
  }
  for (const [name, value] of Object.entries(details)) {
    assertEqual(error.details[name], value, `${what}: details.${name} of "${error.message}"`);
  }
  return error;
}
