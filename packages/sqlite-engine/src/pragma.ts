import type { SqliteDriver, SqliteValue } from './sqlite-driver.ts';

/** The value of a pragma that answers with one value. */
export function readPragma(driver: SqliteDriver, name: string): SqliteValue | undefined {
  return driver.prepare(`PRAGMA ${name}`).get([])?.[0];
}

export function readNumberPragma(driver: SqliteDriver, name: string): number {
  return Number(readPragma(driver, name));
}
