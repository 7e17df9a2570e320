import { BarkeepError, invalidInput, onlyKnownKeys } from '@barkeep/core';
import type {
  BackupMedium,
  BackupOptions,
  BackupProgress,
  BackupRetention,
  BackupSource,
  PruneOptions,
  RestoreOptions,
} from './storage-backup.ts';

/** What an adapter receives with each long-running call. */
export interface BackupCall {
  /** Check it often. When it is aborted, clean up and throw any error. */
  readonly signal: AbortSignal;
  report(progress: BackupProgress): void;
}

export interface CheckedBackup extends BackupCall {
  /** The file to write; `undefined` to return the bytes. */
  readonly to: string | undefined;
  readonly overwrite: boolean;
  readonly since: string | undefined;
}

export interface CheckedRestore extends BackupCall {
  readonly from: BackupSource;
  /** The file to write; `undefined` to replace this storage's contents. */
  readonly to: string | undefined;
  readonly overwrite: boolean;
}

export interface CheckedPrune {
  readonly directory: string;
  readonly keep: Required<{ [K in keyof BackupRetention]: number }>;
  readonly signal: AbortSignal;
}

const BACKUP_KEYS = ['to', 'overwrite', 'since', 'deadlineMs', 'onProgress', 'signal'] as const;
const RESTORE_KEYS = ['from', 'to', 'overwrite', 'onProgress', 'signal'] as const;
const PRUNE_KEYS = ['directory', 'keep', 'signal'] as const;
const RETENTION_KEYS = ['last', 'daily', 'weekly', 'monthly'] as const;

/** @throws BarkeepError `INVALID_INPUT`, `UNSUPPORTED`. */
export function checkBackup(
  options: BackupOptions,
  media: readonly BackupMedium[],
): Omit<CheckedBackup, keyof BackupCall> & { readonly deadlineMs: number } {
  assertOptions(options, BACKUP_KEYS, '{ to?, … }');
  const { to, since, overwrite, deadlineMs = Number.POSITIVE_INFINITY, onProgress } = options;
  checkPath(to, 'to', media, !media.includes('bytes'));
  checkPath(since, 'since', media, false);
  checkFunction(onProgress);
  if (typeof deadlineMs !== 'number' || !(deadlineMs > 0)) {
    throw invalidInput({ field: 'deadlineMs', rule: 'must be positive', value: deadlineMs });
  }
  return { to, since, overwrite: checkOverwrite(overwrite), deadlineMs };
}

/** @throws BarkeepError `INVALID_INPUT`, `UNSUPPORTED`. */
export function checkRestore(
  options: RestoreOptions,
  media: readonly BackupMedium[],
): Omit<CheckedRestore, keyof BackupCall> {
  assertOptions(options, RESTORE_KEYS, '{ from, … }');
  const { to, overwrite, onProgress } = options;
  const from = checkSource(options.from, media);
  checkPath(to, 'to', media, !media.includes('bytes'));
  checkFunction(onProgress);
  return { from, to, overwrite: checkOverwrite(overwrite) };
}

/** @throws BarkeepError `INVALID_INPUT`, `UNSUPPORTED`. */
export function checkSource(from: unknown, media: readonly BackupMedium[]): BackupSource {
  if (from instanceof Uint8Array && media.includes('bytes')) return from;
  if (media.includes('file')) {
    checkPath(from, 'from', media, true);
    return from;
  }
  throw invalidInput({ field: 'from', rule: 'must be the bytes of a backup', value: from });
}

/** @throws BarkeepError `INVALID_INPUT`, `UNSUPPORTED`. */
export function checkPrune(
  options: PruneOptions,
  media: readonly BackupMedium[],
): Omit<CheckedPrune, 'signal'> {
  assertOptions(options, PRUNE_KEYS, '{ directory, keep }');
  const { directory, keep } = options;
  checkPath(directory, 'directory', media, true);
  if (keep === null || typeof keep !== 'object') {
    throw invalidInput({ field: 'keep', rule: 'must be { last?, daily?, … }', value: keep });
  }
  onlyKnownKeys(keep, RETENTION_KEYS, 'keep');
  const { last = 0, daily = 0, weekly = 0, monthly = 0 } = keep;
  const counts = { last, daily, weekly, monthly };
  for (const [field, value] of Object.entries(counts)) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw invalidInput({ field: `keep.${field}`, rule: 'must be a whole number', value });
  }
  if (Object.values(counts).every((count) => count === 0)) {
    throw invalidInput({ field: 'keep', rule: 'must keep at least one backup', value: keep });
  }
  return { directory, keep: counts };
}

function assertOptions(options: object, known: readonly string[], shape: string): void {
  if (options === null || typeof options !== 'object') {
    throw invalidInput({ field: 'options', rule: `must be ${shape}`, value: options });
  }
  onlyKnownKeys(options, known, 'options');
}

function checkPath(
  path: unknown,
  field: string,
  media: readonly BackupMedium[],
  isRequired: true,
): asserts path is string;
function checkPath(
  path: unknown,
  field: string,
  media: readonly BackupMedium[],
  isRequired: boolean,
): asserts path is string | undefined;
function checkPath(
  path: unknown,
  field: string,
  media: readonly BackupMedium[],
  isRequired: boolean,
): void {
  if (path === undefined && !isRequired) return;
  if (!media.includes('file')) {
    throw new BarkeepError('UNSUPPORTED', `backups of this storage are bytes: leave out ${field}`, {
      details: { field, media },
    });
  }
  if (typeof path === 'string' && path.trim() !== '' && !path.includes('\0')) return;
  throw invalidInput({ field, rule: 'must be a path', value: path });
}

function checkOverwrite(overwrite: unknown = false): boolean {
  if (typeof overwrite === 'boolean') return overwrite;
  throw invalidInput({ field: 'overwrite', rule: 'must be true or false', value: overwrite });
}

function checkFunction(onProgress: unknown): void {
  if (onProgress === undefined || typeof onProgress === 'function') return;
  throw invalidInput({ field: 'onProgress', rule: 'must be a function', value: onProgress });
}
