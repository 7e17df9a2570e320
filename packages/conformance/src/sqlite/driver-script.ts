import type { SqliteDriver, SqliteRow } from '@barkeep/sqlite-engine';
import { assertEqual, ConformanceError } from '../assertions.ts';

export type Rows = readonly SqliteRow[];

/**
 * SQL, and what comes of it: rows; the count of changes; the code of its error, both of `exec` and of a
 * statement; whether a transaction is under way after it; nothing: it succeeds.
 */
export type Step = readonly [sql: string, outcome?: Rows | number | string | boolean];

export function runScript(driver: SqliteDriver, steps: readonly Step[]): void {
  for (const [sql, outcome] of steps) {
    if (typeof outcome === 'string') {
      assertFails(() => driver.exec(sql), outcome, `exec of ${sql}`);
      if (sql.includes(';')) continue;
      assertFails(() => driver.prepare(sql).run([]), outcome, `run of ${sql}`);
    } else if (typeof outcome === 'object') {
      assertEqual(driver.prepare(sql).all([]), outcome, `the rows of ${sql}`);
    } else if (typeof outcome === 'number') {
      assertEqual(driver.prepare(sql).run([]), outcome, `the count of ${sql}`);
    } else {
      driver.exec(sql);
      const { inTransaction } = driver;
      assertEqual(inTransaction, outcome ?? inTransaction, `inTransaction after ${sql}`);
    }
  }
}

/** Asserts that a call throws an Error with a result code of SQLite that begins so; '': with any or none. */
export function assertFails(call: () => unknown, code: string, what: string): void {
  let found: string;
  try {
    found = `nothing: it returned ${call()}`;
  } catch (error) {
    found = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (error instanceof Error && (code === '' || found.startsWith(code))) return;
  }
  throw new ConformanceError(`${what} should fail with an Error ${code}, not with ${found}`);
}
