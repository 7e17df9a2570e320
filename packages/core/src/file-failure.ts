import { BarkeepError, type BarkeepErrorCode } from './barkeep-error.ts';

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

/**
 * Wraps a file system error in a BarkeepError with a matching code, such as `DISK_FULL` for
 * `ENOSPC`. Uses the code `other` if the error has none that is known.
 */
export function fileFailure(
  cause: unknown,
  path: string,
  other: BarkeepErrorCode = 'IO',
): BarkeepError {
  if (BarkeepError.is(cause)) return cause;
  const code = CODES[systemCode(cause) ?? ''] ?? other;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BarkeepError(code, `cannot use ${path}: ${reason}`, { cause, details: { path } });
}

/** The system error code of an error, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
