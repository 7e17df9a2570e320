import { type BarkeepError, type Clock, invalidInput, onlyKnownKeys } from '@barkeep/core';
import type { Persister } from '@barkeep/sqlite-engine';
import { type ArchiveOption, type ArchivePolicy, archivePolicy } from '@barkeep/sqlite-engine';
import type { WebWorker } from './browser/web-worker-thread.ts';

/** One of `path` and `persister` is required. */
export interface SqlJsStorageOptions {
  /**
   * The database file, such as `./market_data.sqlite3`; made when it does not exist. Not in browsers,
   * which have no files.
   */
  readonly path?: string | undefined;
  /**
   * With `path`: reads the file as it is when the storage opens, whoever has it open, and refuses writes
   * (`READ_ONLY`). Default: false.
   */
  readonly readOnly?: boolean | undefined;
  /** What keeps the database instead of a file, such as an `OpfsPersister`. */
  readonly persister?: Persister | undefined;
  /**
   * A change is saved at most so long after it was made, in milliseconds, and the time that saving
   * takes; at most an hour. Default: 1,000.
   */
  readonly saveDelayMs?: number | undefined;
  /**
   * Is told of every save that fails, also of those that begin by themselves and that nobody awaits.
   * The change stays unsaved and is tried again.
   */
  readonly onSaveError?: ((error: BarkeepError) => void) | undefined;
  /** When candles go from rows into compressed segments. Default: as of `@barkeep/storage-sqlite`. */
  readonly archive?: ArchiveOption | undefined;
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /**
   * Browsers only: where `sql.js/dist/sql-wasm-browser.wasm` is served; relative to the page.
   * Default: where the bundler put it.
   */
  readonly wasmUrl?: string | URL | undefined;
  /**
   * Browsers only: the address of the script `@barkeep/storage-sqljs/web-worker`, relative to the page, or
   * a function that starts it as a module.
   * Default: as the bundler understands `new Worker(new URL(…, import.meta.url))`.
   */
  readonly worker?: string | URL | (() => WebWorker) | undefined;
}

/** What both platforms check. */
export interface CheckedSnapshotOptions {
  readonly saveDelayMs: number;
  readonly onSaveError: SqlJsStorageOptions['onSaveError'];
  readonly archive: ArchivePolicy | 'off';
}

const COMMON = ['persister', 'saveDelayMs', 'onSaveError', 'archive', 'clock'] as const;
const LONGEST_DELAY_MS = 3_600_000;

/** `known`: the options of this platform. @throws BarkeepError `INVALID_INPUT` naming the option. */
export function checkOptions(
  options: SqlJsStorageOptions,
  known: readonly string[],
): CheckedSnapshotOptions {
  if (options === null || typeof options !== 'object') {
    throw invalidInput({
      field: 'options',
      rule: 'must be { path, … } or { persister, … }',
      value: options,
    });
  }
  onlyKnownKeys(options, [...known, ...COMMON], 'options');
  const { saveDelayMs = 1_000, onSaveError } = options;
  if (!(Number.isSafeInteger(saveDelayMs) && saveDelayMs >= 0 && saveDelayMs <= LONGEST_DELAY_MS)) {
    const rule = `must be a whole number from 0 to ${LONGEST_DELAY_MS}`;
    throw invalidInput({ field: 'saveDelayMs', rule, value: saveDelayMs });
  }
  if (onSaveError !== undefined && typeof onSaveError !== 'function') {
    throw invalidInput({ field: 'onSaveError', rule: 'must be a function', value: onSaveError });
  }
  return { saveDelayMs, onSaveError, archive: archivePolicy(options.archive) };
}

/** @throws BarkeepError `INVALID_INPUT` unless it has the methods of a Persister and a name. */
export function checkPersister(persister: unknown): Persister {
  const candidate = Object(persister) as Partial<Persister>;
  const methods = [candidate.load, candidate.save, candidate.close];
  if (typeof candidate.name === 'string' && methods.every((one) => typeof one === 'function')) {
    return candidate as Persister;
  }
  const rule = 'must have a name and the methods load, save and close';
  throw invalidInput({ field: 'persister', rule, value: persister });
}
