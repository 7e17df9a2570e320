import type { SqliteDriver } from './sqlite-driver.ts';

/**
 * Runs `work` in one transaction: all of it or nothing.
 *
 * `read` sees one state of the database however many statements it takes. `write` takes the write
 * lock at its beginning, because a transaction that reads first and writes later fails as soon as
 * another connection wrote in between.
 */
export function inTransaction<T>(driver: SqliteDriver, kind: 'read' | 'write', work: () => T): T {
  driver.exec(kind === 'read' ? 'BEGIN' : 'BEGIN IMMEDIATE');
  try {
    const result = work();
    driver.exec('COMMIT');
    return result;
  } catch (error) {
    if (driver.inTransaction) driver.exec('ROLLBACK');
    throw error;
  }
}
