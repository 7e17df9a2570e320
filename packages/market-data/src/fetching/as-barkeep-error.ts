import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';
import { isRetryable } from './retry.ts';

/** What went wrong as an error of Barkeep, with the original as its cause. */
export function asBarkeepError(
  error: unknown,
  what: string,
  code: BarkeepErrorCode = 'INTERNAL',
): BarkeepError {
  if (BarkeepError.is(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const options = { cause: error, retryable: isRetryable(error) };
  return new BarkeepError(code, `${what}: ${reason}`, options);
}
