import { BarkeepError, fileFailure } from '@barkeep/core';
import { sqliteFailure } from '@barkeep/sqlite-engine';
import { resultName } from '../result-name.ts';

/** What a failure of node:sqlite over a file means to the user. */
export function sqliteFileFailure(cause: unknown, path: string): BarkeepError {
  if (!(cause instanceof Error && 'errcode' in cause))
    return fileFailure(cause, path, 'CANNOT_OPEN');
  Object.assign(cause, { code: resultName(Number(cause.errcode)) });
  const { code, message, retryable, details } = sqliteFailure(cause);
  const reason = code === 'BUSY' ? 'another program has it open' : message;
  return new BarkeepError(code, `cannot use ${path}: ${reason}`, {
    cause,
    retryable,
    details: { ...details, path },
  });
}
