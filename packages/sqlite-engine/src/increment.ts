import { isTimeframe } from '@barkeep/core';
import type { BackupProgress } from '@barkeep/storage';
import type { BackupLayer } from './backup-layers.ts';
import type { BackupSteps } from './backup-steps.ts';
import { ordinaryTables, otherObjects, quoted } from './ordinary-tables.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { SqliteEngine } from './sqlite-engine.ts';

/** The tables that are not replaced as a whole. */
const CANDLES: readonly string[] = ['candle_rows', 'wide_candle_rows', 'segments', 'series'];
const INCREMENT = 'increment';

/**
 * Makes a database that is what an increment continues be what that was made of. Nobody else may have it
 * open; when this fails, it is of no use any more.
 *
 * @param path Of the increment.
 */
export function* applyIncrement(
  database: SqliteDriver,
  increment: BackupLayer,
  path: string,
): BackupSteps<void> {
  const engine = SqliteEngine.open(database, {
    access: 'read-write',
    journal: 'memory',
    synchronous: 'off',
    writer: 0,
  });
  database.prepare(`ATTACH ? AS ${INCREMENT}`).run([path]);
  takeSeries(database);
  yield copying;
  for (const { symbol, timeframe } of increment.series.stored()) {
    if (!isTimeframe(timeframe)) continue;
    const key = { symbol, timeframe };
    for (const range of increment.changesOf(key)) {
      engine.remove(key, range);
      for (const candles of increment.readOwn(key, range)) {
        const from = { source: '', collectedAt: 0, replaces: 'all' } as const;
        engine.write([{ key, columns: candles, covers: [], ...from }]);
        yield copying;
      }
    }
  }
  yield* replaceTables(database, increment.driver);
  database.exec(`
    UPDATE main.series SET revision =
      (SELECT revision FROM ${INCREMENT}.series AS other WHERE other.id = main.series.id);
    DETACH ${INCREMENT};
  `);
}

const copying: BackupProgress = { phase: 'copying', fraction: 1 };

/** Series that have come, and gone; their numbers are those of the increment. */
function takeSeries(database: SqliteDriver): void {
  database.exec(`
    DELETE FROM candle_rows WHERE series_id NOT IN (SELECT id FROM ${INCREMENT}.series);
    DELETE FROM wide_candle_rows WHERE series_id NOT IN (SELECT id FROM ${INCREMENT}.series);
    DELETE FROM segments WHERE series_id NOT IN (SELECT id FROM ${INCREMENT}.series);
    DELETE FROM series WHERE id NOT IN (SELECT id FROM ${INCREMENT}.series);
    UPDATE series SET timeframe = timeframe || ' ' || id;
    INSERT INTO series (id, symbol, timeframe)
      SELECT id, symbol, timeframe FROM ${INCREMENT}.series
      WHERE id NOT IN (SELECT id FROM main.series);
    UPDATE series SET (symbol, timeframe) =
      (SELECT symbol, timeframe FROM ${INCREMENT}.series AS other WHERE other.id = main.series.id);
  `);
}

/** Every other table, and all indexes, views and triggers. */
function* replaceTables(database: SqliteDriver, increment: SqliteDriver): BackupSteps<void> {
  dropOthers(database);
  for (const { name } of ordinaryTables(database)) {
    if (!CANDLES.includes(name)) database.exec(`DROP TABLE main.${quoted(name)}`);
  }
  for (const { name, sql, columns } of ordinaryTables(increment)) {
    if (CANDLES.includes(name)) continue;
    const list = columns.map(quoted).join(', ');
    database.exec(sql);
    database.exec(
      `INSERT INTO main.${quoted(name)} (${list}) SELECT ${list} FROM ${INCREMENT}.${quoted(name)}`,
    );
    yield copying;
  }
  for (const sql of otherObjects(increment)) database.exec(sql);
}

function dropOthers(database: SqliteDriver): void {
  const others = database
    .prepare<readonly [type: string, name: string]>(
      `SELECT type, name FROM main.sqlite_schema
       WHERE type IN ('index', 'view', 'trigger') AND sql IS NOT NULL
       ORDER BY type = 'view', type = 'index'`,
    )
    .all([]);
  for (const [type, name] of others) database.exec(`DROP ${type} main.${quoted(name)}`);
}
