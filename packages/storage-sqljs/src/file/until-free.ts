import { setTimeout } from 'node:timers/promises';
import { sqliteFileFailure } from './sqlite-file-failure.ts';

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
