import { invalidInput } from '@barkeep/core';

/** @throws BarkeepError `INVALID_INPUT` unless it is a text that says something. */
export function checkDatabaseName(name: unknown): string {
  if (typeof name === 'string' && name.trim() !== '' && name.isWellFormed()) return name;
  throw invalidInput({ field: 'name', rule: 'must be a text that is not empty', value: name });
}
