import type { SqliteDriver } from '../sqlite-driver.ts';

/** What a statement says that is meant to read a whole table. */
export const WHOLE_TABLE = '/* whole table */';

/** The steps of a statement's plan; none where it cannot be explained, as with a pragma. */
export function statementPlan(driver: SqliteDriver, sql: string): string[] {
  if (!/^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(sql)) return [];
  return driver
    .prepare<readonly [number, number, number, string]>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(nulls(sql))
    .map(([, , , detail]) => detail);
}

/** As many as the statement has parameters. */
function nulls(sql: string): null[] {
  const places = sql.match(/\?\d*/g) ?? [];
  const numbered = places.map((place) => Number(place.slice(1))).filter((number) => number > 0);
  const count = numbered.length > 0 ? Math.max(...numbered) : places.length;
  return Array.from({ length: count }, () => null);
}

/** The table that a step reads as a whole, without an index; `undefined` for every other step. */
export function scannedTable(step: string): string | undefined {
  const [, table] = /^SCAN (\w+)(?! USING (?:COVERING )?INDEX)/.exec(step) ?? [];
  return table === 'CONSTANT' ? undefined : table;
}

/** The index or primary key that a step goes by. */
export function usedIndex(step: string): string | undefined {
  return / USING (?:COVERING )?INDEX (\S+)/.exec(step)?.[1];
}
