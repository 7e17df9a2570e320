import { BarkeepError } from '@barkeep/core';

/** The error for bytes that are not a whole, undamaged segment: code `CORRUPT`. */
export function corruptSegment(what: string, offset: number): BarkeepError {
  return new BarkeepError('CORRUPT', `damaged segment: ${what} (at byte ${offset})`, {
    details: { what, offset },
  });
}
