import type { FragmentationReport, TableFragmentation } from '@barkeep/storage';
import { readNumberPragma } from '../pragma.ts';
import type { SqliteDriver } from '../sqlite-driver.ts';
import { walBytes } from '../wal-bound.ts';

/** How the pages of a database are used: from its counters, and with `tables` from the header of every page. */
export function fragmentationOf(driver: SqliteDriver, tables: boolean): FragmentationReport {
  const pages = readNumberPragma(driver, 'page_count');
  const freePages = readNumberPragma(driver, 'freelist_count');
  return {
    pageBytes: readNumberPragma(driver, 'page_size'),
    pages,
    freePages,
    freeRatio: pages === 0 ? 0 : freePages / pages,
    logBytes: walBytes(driver),
    tables: tables ? tablesOf(driver) : undefined,
  };
}

/** https://sqlite.org/dbstat.html; `undefined` where SQLite was built without it. */
function tablesOf(driver: SqliteDriver): TableFragmentation[] | undefined {
  if (!hasDbstat(driver)) return undefined;
  const rows = driver
    .prepare<readonly [string, string | null, number, number, number]>(
      `WITH page AS (
         SELECT name, unused, pageno,
           lag(pageno) OVER (PARTITION BY name ORDER BY path) AS before
         FROM dbstat
       )
       SELECT page.name, type, count(*), sum(unused), sum(pageno = before + 1)
       FROM page LEFT JOIN sqlite_schema ON sqlite_schema.name = page.name
       GROUP BY page.name ORDER BY page.name`,
    )
    .all([]);
  return rows.map(([name, type, pages, unusedBytes, inOrder]) => ({
    name,
    kind: type === 'index' ? 'index' : 'table',
    pages,
    unusedBytes,
    sequentialRatio: pages <= 1 ? 1 : (inOrder ?? 0) / (pages - 1),
  }));
}

function hasDbstat(driver: SqliteDriver): boolean {
  const found = driver.prepare("SELECT 1 FROM pragma_module_list WHERE name = 'dbstat'").get([]);
  return found !== undefined;
}
