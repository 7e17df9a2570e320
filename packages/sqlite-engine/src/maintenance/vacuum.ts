import type { VacuumReport } from '@barkeep/storage';
import { readNumberPragma } from '../pragma.ts';
import type { SqliteDriver } from '../sqlite-driver.ts';

/** Builds the database anew: https://sqlite.org/lang_vacuum.html. Writers wait until it is done. */
export function vacuum(driver: SqliteDriver): VacuumReport {
  return measured(driver, () => {
    // A database restored by another tool may lack it, and takes it only now.
    driver.exec('PRAGMA auto_vacuum = INCREMENTAL');
    driver.exec('VACUUM');
    // Otherwise the pages would stay in the file until the next checkpoint by itself.
    driver.exec('PRAGMA wal_checkpoint(PASSIVE)');
  });
}

/** Gives at most this many free pages back, in one short transaction. */
export function incrementalVacuum(driver: SqliteDriver, pages: number): VacuumReport {
  return measured(driver, () => driver.exec(`PRAGMA incremental_vacuum(${pages})`));
}

function measured(driver: SqliteDriver, work: () => void): VacuumReport {
  const start = performance.now();
  const pagesBefore = readNumberPragma(driver, 'page_count');
  work();
  const pagesAfter = readNumberPragma(driver, 'page_count');
  return {
    pagesBefore,
    pagesAfter,
    freedBytes: (pagesBefore - pagesAfter) * readNumberPragma(driver, 'page_size'),
    tookMs: performance.now() - start,
  };
}
