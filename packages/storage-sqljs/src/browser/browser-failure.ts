import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';

/** By the names of https://webidl.spec.whatwg.org/#idl-DOMException-error-names. */
const CODES: Readonly<Record<string, BarkeepErrorCode>> = {
  QuotaExceededError: 'DISK_FULL',
  NoModificationAllowedError: 'BUSY',
  NotAllowedError: 'CANNOT_OPEN',
  SecurityError: 'CANNOT_OPEN',
  VersionError: 'CANNOT_OPEN',
};
const RETRYABLE: readonly BarkeepErrorCode[] = ['DISK_FULL', 'BUSY', 'IO'];

/** What a failure of the browser's storage means to the user; `name` is that of the database. */
export function browserFailure(cause: unknown, name: string): BarkeepError {
  if (BarkeepError.is(cause)) return cause;
  const code = (cause instanceof Error ? CODES[cause.name] : undefined) ?? 'IO';
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BarkeepError(code, `cannot use ${name} in this browser: ${reason}`, {
    cause,
    retryable: RETRYABLE.includes(code),
    details: { path: name },
  });
}

/** Where the platform lacks what a database would be kept in. */
export function unavailable(name: string, feature: string): BarkeepError {
  return new BarkeepError(
    'CANNOT_OPEN',
    `cannot use ${name}: there is no ${feature} here; pages of https and localhost have it`,
    { details: { path: name, feature } },
  );
}
