import { readNumberPragma } from './pragma.ts';
import type { SqliteDriver } from './sqlite-driver.ts';

/** Runs `work`, in which SQLite waits for the locks of others no longer than so many milliseconds. */
export function withBusyTimeout<T>(driver: SqliteDriver, ms: number, work: () => T): T {
  const before = readNumberPragma(driver, 'busy_timeout');
  driver.exec(`PRAGMA busy_timeout = ${ms}`);
  try {
    return work();
  } finally {
    driver.exec(`PRAGMA busy_timeout = ${before}`);
  }
}
