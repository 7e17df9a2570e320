import { resolve } from 'node:path';
import { type Clock, invalidInput, onlyKnownKeys } from '@barkeep/core';
import { type ArchiveOption, type ArchivePolicy, archivePolicy } from '@barkeep/sqlite-engine';

export interface SqlJsStorageOptions {
  /** The database file, such as `./market_data.sqlite3`; made when it does not exist. */
  readonly path: string;
  /**
   * A change is saved at most so long after it was made, in milliseconds, and the time that saving
   * takes; at most an hour. Default: 1,000.
   */
  readonly saveDelayMs?: number | undefined;
  /** When candles go from rows into compressed segments. Default: as of `@barkeep/storage-sqlite`. */
  readonly archive?: ArchiveOption | undefined;
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
}

export interface CheckedSqlJsStorageOptions {
  /** Absolute. */
  readonly path: string;
  readonly saveDelayMs: number;
  readonly archive: ArchivePolicy | 'off';
}

const KNOWN = ['path', 'saveDelayMs', 'archive', 'clock'];
const LONGEST_DELAY_MS = 3_600_000;

/** @throws BarkeepError `INVALID_INPUT` naming the option. */
export function checkOptions(options: SqlJsStorageOptions): CheckedSqlJsStorageOptions {
  if (options === null || typeof options !== 'object') {
    throw invalidInput({ field: 'options', rule: 'must be { path, … }', value: options });
  }
  onlyKnownKeys(options, KNOWN, 'options');
  const { path, saveDelayMs = 1_000 } = options;
  if (
    typeof path !== 'string' ||
    path.trim() === '' ||
    path.includes('\0') ||
    path === ':memory:'
  ) {
    const rule = 'must be the path of a file; for candles in memory use @barkeep/storage-memory';
    throw invalidInput({ field: 'path', rule, value: path });
  }
  if (!(Number.isSafeInteger(saveDelayMs) && saveDelayMs >= 0 && saveDelayMs <= LONGEST_DELAY_MS)) {
    const rule = `must be a whole number from 0 to ${LONGEST_DELAY_MS}`;
    throw invalidInput({ field: 'saveDelayMs', rule, value: saveDelayMs });
  }
  return { path: resolve(path), saveDelayMs, archive: archivePolicy(options.archive) };
}
