import { setTimeout } from 'node:timers/promises';
import { BarkeepError, fileFailure } from '@barkeep/core';
import { sqliteFailure } from '@barkeep/sqlite-engine';
import { resultName } from '../result-name.ts';

const PAUSE_MS = 20;

/** Tries again while the database is busy. */
export async function untilFree<T>(path: string, patienceMs: number, attempt: () => T): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    try {
      return attempt();
    } catch (error) {
      const failure = sqliteFileFailure(error, path);
      if (failure.code !== 'BUSY' || waitedMs >= patienceMs) throw failure;
    }
    await setTimeout(PAUSE_MS);
  }
}

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
