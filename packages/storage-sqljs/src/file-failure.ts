import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';

const CODES: Readonly<Record<string, BarkeepErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EACCES: 'READ_ONLY',
  EPERM: 'READ_ONLY',
  EROFS: 'READ_ONLY',
  ENOENT: 'CANNOT_OPEN',
  ENOTDIR: 'CANNOT_OPEN',
  EISDIR: 'CANNOT_OPEN',
};

/** What a failure of the file system means to the user. */
export function fileFailure(cause: unknown, path: string, other: BarkeepErrorCode): BarkeepError {
  if (BarkeepError.is(cause)) return cause;
  const system = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const code = CODES[system] ?? other;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BarkeepError(code, `cannot use the database file ${path}: ${reason}`, {
    cause,
    retryable: code === 'DISK_FULL' || code === 'IO',
    details: { path },
  });
}
