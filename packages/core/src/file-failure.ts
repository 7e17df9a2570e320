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

/** What a failure of the file system means to the user; `other` where its code does not tell. */
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

/** The operating system's name of an error, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
