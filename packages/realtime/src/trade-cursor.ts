import { invalidInput } from '@barkeep/core';

/** Longer than the cursor of any adapter. */
const MAX_CURSOR_LENGTH = 256;

/**
 * Throws unless the value could be a cursor.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function validateCursor(cursor: unknown): asserts cursor is string {
  if (typeof cursor === 'string' && cursor !== '' && cursor.length <= MAX_CURSOR_LENGTH) return;
  throw malformedCursor(cursor);
}

/** The error for a value that is not a cursor of an earlier replay. */
export function malformedCursor(cursor: unknown): Error {
  return invalidInput({
    field: 'after',
    rule: 'must be the cursor of an earlier replay',
    value: cursor,
  });
}
