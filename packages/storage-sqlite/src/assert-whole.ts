import { statSync } from 'node:fs';
import { BarkeepError } from '@barkeep/core';
import type { SqliteDriver } from '@barkeep/sqlite-engine';

/**
 * SQLite notices missing pages when it opens a database, but not that the last one is incomplete: it
 * would read zeros. While there is a WAL, the file alone says nothing.
 *
 * @throws BarkeepError `CORRUPT`
 */
export function assertWhole(driver: SqliteDriver, path: string): void {
  // A transaction, so that no checkpoint empties the WAL between the looks.
  driver.exec('BEGIN');
  try {
    const expected = numberOf(driver, 'page_count') * numberOf(driver, 'page_size');
    const walBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes >= expected || walBytes > 0) return;
    throw new BarkeepError('CORRUPT', `${path} has been cut short: restore a backup`, {
      details: { path, bytes, expected },
    });
  } finally {
    if (driver.inTransaction) driver.exec('ROLLBACK');
  }
}

function numberOf(driver: SqliteDriver, pragma: string): number {
  return Number(driver.prepare(`PRAGMA ${pragma}`).get([])?.[0]);
}
