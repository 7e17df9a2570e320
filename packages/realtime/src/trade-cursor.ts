import { invalidInput } from '@barkeep/core';

/** Longer than any adapter's cursor. */
const MAX_CURSOR_LENGTH = 256;

/** @throws BarkeepError `INVALID_INPUT` unless it is a string that could be a cursor. */
export function validateCursor(cursor: unknown): asserts cursor is string {
  if (typeof cursor === 'string' && cursor !== '' && cursor.length <= MAX_CURSOR_LENGTH) return;
  throw malformedCursor(cursor);
}

/** The error for a cursor that no replay gave. */
export function malformedCursor(cursor: unknown): Error {
  return invalidInput({
    field: 'after',
    rule: 'must be the cursor of an earlier replay',
    value: cursor,
  });
}
