import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';

/**
 * By the names of https://webidl.spec.whatwg.org/#idl-DOMException-error-names, and of what Firefox
 * throws beside them.
 */
const CODES: Readonly<Record<string, BarkeepErrorCode>> = {
  QuotaExceededError: 'DISK_FULL',
  NS_ERROR_FILE_NO_DEVICE_SPACE: 'DISK_FULL',
  NS_ERROR_FILE_DISK_FULL: 'DISK_FULL',
  NS_ERROR_DOM_INDEXEDDB_QUOTA_ERR: 'DISK_FULL',
  NoModificationAllowedError: 'BUSY',
  NotAllowedError: 'CANNOT_OPEN',
  SecurityError: 'CANNOT_OPEN',
  VersionError: 'CANNOT_OPEN',
};

/** What a failure of the browser's storage means to the user; `name` is that of the database. */
export function browserFailure(cause: unknown, name: string): BarkeepError {
  if (BarkeepError.is(cause)) return cause;
  const code = codeOf(cause);
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new BarkeepError(code, `cannot use ${name} in this browser: ${reason}`, {
    cause,
    details: { path: name },
  });
}

function codeOf(cause: unknown): BarkeepErrorCode {
  if (!(cause instanceof Error)) return 'IO';
  // All that Chromium says of a full disk when a value of IndexedDB is too large for its log.
  if (cause.name === 'DataError' && cause.message.startsWith('Failed to write blobs')) {
    return 'DISK_FULL';
  }
  // And of smaller values.
  if (cause.name === 'UnknownError' && cause.message.includes('NO_SPACE')) return 'DISK_FULL';
  return CODES[cause.name] ?? 'IO';
}

/** Where the platform lacks what a database would be kept in. */
export function unavailable(name: string, feature: string): BarkeepError {
  return new BarkeepError(
    'CANNOT_OPEN',
    `cannot use ${name}: there is no ${feature} here; browsers that have it offer it to pages of https and localhost`,
    { details: { path: name, feature } },
  );
}
