import { BarkeepError } from '@barkeep/core';
import { expect } from 'vitest';

/** The details of the INVALID_INPUT that `act` throws or rejects with. */
export function faultOf(act: () => unknown): BarkeepError['details'] {
  try {
    act();
  } catch (error) {
    if (BarkeepError.is(error, 'INVALID_INPUT')) return error.details;
    throw error;
  }
  return expect.unreachable('nothing was thrown');
}
