import { invalidInput, onlyKnownKeys } from '@barkeep/core';

export interface BrowserPersisterOptions {
  /**
   * Reads the database as its last save left it, without a lock: also while another tab has it open.
   * Nothing is ever saved; writes fail with `READ_ONLY`. Later saves are seen after opening anew.
   * Default: false.
   */
  readonly readOnly?: boolean | undefined;
  /**
   * How long `load` waits while another tab or worker has the database open, in milliseconds; then it
   * fails with `BUSY`. At most an hour. Default: 1,000, enough for a page that is being reloaded.
   */
  readonly lockWaitMs?: number | undefined;
  /** Ends that wait early: `load` fails with `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

/** With the defaults filled in. */
export interface CheckedPersisterOptions {
  readonly readOnly: boolean;
  readonly lockWaitMs: number;
  readonly signal: AbortSignal | undefined;
}

const DEFAULT_LOCK_WAIT_MS = 1_000;
const LONGEST_LOCK_WAIT_MS = 3_600_000;

/** @throws BarkeepError `INVALID_INPUT` naming the option. */
export function checkPersisterOptions(options: BrowserPersisterOptions): CheckedPersisterOptions {
  if (options === null || typeof options !== 'object') {
    throw invalidInput({ field: 'options', rule: 'must be an object', value: options });
  }
  onlyKnownKeys(options, ['readOnly', 'lockWaitMs', 'signal'], 'options');
  const { readOnly = false, lockWaitMs = DEFAULT_LOCK_WAIT_MS, signal } = options;
  if (typeof readOnly !== 'boolean') {
    throw invalidInput({ field: 'readOnly', rule: 'must be true or false', value: readOnly });
  }
  if (
    !(Number.isSafeInteger(lockWaitMs) && lockWaitMs >= 0 && lockWaitMs <= LONGEST_LOCK_WAIT_MS)
  ) {
    const rule = `must be a whole number from 0 to ${LONGEST_LOCK_WAIT_MS}`;
    throw invalidInput({ field: 'lockWaitMs', rule, value: lockWaitMs });
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidInput({ field: 'signal', rule: 'must be an AbortSignal', value: signal });
  }
  return { readOnly, lockWaitMs, signal };
}
