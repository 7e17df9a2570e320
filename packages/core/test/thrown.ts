import type { BarkeepError } from '@barkeep/core';
import { BarkeepError as Errors } from '@barkeep/core';
import { expect } from 'vitest';

/** The BarkeepError that `act` throws. */
export function thrownBy(act: () => unknown): BarkeepError {
  try {
    act();
  } catch (error) {
    if (Errors.is(error)) return error;
    throw error;
  }
  return expect.unreachable('nothing was thrown');
}

/** The details of the INVALID_INPUT that `act` throws. */
export function faultOf(act: () => unknown): Readonly<Record<string, unknown>> {
  const error = thrownBy(act);
  expect(error.code).toBe('INVALID_INPUT');
  return error.details;
}
