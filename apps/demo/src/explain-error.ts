import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';

/** What to do about an error, by its code. */
const NEXT_STEPS: Readonly<Partial<Record<BarkeepErrorCode, string>>> = {
  INVALID_INPUT: 'Nothing was stored: correct it and start again.',
  NOT_OPEN: 'Start the demo again.',
  BUSY: 'Another program is writing to this database: stop it, or choose another --storage.',
  READ_ONLY: 'Choose a --storage that may be written, such as sqlite:/tmp/market_data.sqlite3.',
  CANNOT_OPEN: 'Check that the path exists and that you may use it.',
  NOT_A_DATABASE: 'That file is something else: choose another --storage.',
  CORRUPT: 'The database is damaged: move the file away, and the demo fetches its history again.',
  SCHEMA_TOO_NEW: 'A newer Barkeep wrote this database: update, or choose another --storage.',
  DISK_FULL: 'Free some space, then start again: only what is missing will be fetched.',
  UNAVAILABLE: 'Check that the server is running and its URL is right.',
  INCOMPATIBLE: 'Use the versions that the message names.',
  MISSING_PACKAGE: 'Install the package that the message names, or choose another adapter.',
  SOURCE_FAILED: 'Start again: only what is missing will be fetched.',
};

/** An error in plain words, with the next step. */
export function explainError(error: unknown): string {
  if (BarkeepError.is(error)) {
    const step = NEXT_STEPS[error.code] ?? 'This is a bug: please report it with the text above.';
    return `${error.message}\n${step}`;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${text}\nThis is a bug: please report it with the text above.`;
}
