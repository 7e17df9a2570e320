import { seriesKeyText } from '@barkeep/core';
import type { BackupProblem, BackupProgress, BackupSeries } from '@barkeep/storage';
import { type BackupFigures, computeFigures } from './backup-figures.ts';
import { type BackupRecord, readRecord } from './backup-record.ts';
import type { BackupSteps } from './backup-steps.ts';
import { readSchemaVersion } from './migrations.ts';
import { quoted } from './ordinary-tables.ts';
import { SCHEMA_VERSION } from './schema.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';

export interface BackupFindings {
  /** `undefined` when it cannot be read. */
  readonly record: BackupRecord | undefined;
  readonly problems: readonly BackupProblem[];
}

const MOST_PROBLEMS = 1_000;
/** Failures that say something of the backup; any other is the caller's. */
const FINDINGS: readonly string[] = ['CORRUPT', 'NOT_A_DATABASE', 'INVALID_INPUT', 'INTERNAL'];

/**
 * Reads a backup as a whole and compares it with its record, in one read transaction. Nothing changes.
 * What `first` throws counts as what is found.
 */
export function* verifyBackup(
  driver: SqliteDriver,
  first: () => void = () => undefined,
): BackupSteps<BackupFindings> {
  const problems: BackupProblem[] = [];
  let record: BackupRecord | undefined;
  try {
    driver.exec('PRAGMA query_only = ON');
    first();
    const version = readSchemaVersion(driver);
    driver.exec('BEGIN');
    record = readRecord(driver);
    if (version === SCHEMA_VERSION) yield* compareWith(record, driver, problems);
    else problems.push(unreadable(`it has schema version ${version}, not ${SCHEMA_VERSION}`));
  } catch (error) {
    const { code, message } = sqliteFailure(error);
    if (!FINDINGS.includes(code)) throw error;
    problems.push(unreadable(message));
  } finally {
    if (driver.inTransaction) driver.exec('ROLLBACK');
  }
  return { record, problems: problems.slice(0, MOST_PROBLEMS) };
}

/** Compares a database with the figures that it should have. */
export function* compareWith(
  record: BackupFigures,
  driver: SqliteDriver,
  problems: BackupProblem[],
): BackupSteps<void> {
  yield* checkStructure(driver, problems);
  const found = yield* computeFigures(driver, verifying);
  problems.push(...differences(record.series, found.series));
  if (found.rest === record.rest) return;
  problems.push({ kind: 'content', message: 'documents, revisions or other tables differ' });
}

/** Table by table, because one check of all could not be given up. */
function* checkStructure(driver: SqliteDriver, problems: BackupProblem[]): BackupSteps<void> {
  const tables = driver
    .prepare<readonly [name: string]>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all([]);
  for (const name of ['sqlite_schema', ...tables.map(([one]) => one)]) {
    const sql = `PRAGMA integrity_check(${quoted(name)})`;
    for (const [message] of driver.prepare<readonly [message: string]>(sql).all([])) {
      if (message !== 'ok') problems.push({ kind: 'structure', message: `${name}: ${message}` });
    }
    yield verifying(0);
  }
}

function* differences(
  recorded: readonly BackupSeries[],
  found: readonly BackupSeries[],
): Generator<BackupProblem, void, void> {
  const left = new Map(found.map((series) => [seriesKeyText(series), series]));
  for (const expected of recorded) {
    const { symbol, timeframe, count, first, last, checksum } = expected;
    const name = seriesKeyText(expected);
    const series = left.get(name);
    left.delete(name);
    const key = { symbol, timeframe };
    if (series === undefined) {
      yield { kind: 'series', key, message: `${symbol} ${timeframe} is missing` };
    } else if (
      series.count !== count ||
      series.first !== first ||
      series.last !== last ||
      series.checksum !== checksum
    ) {
      const what =
        series.count === count
          ? 'its contents differ'
          : `it has ${series.count} candles instead of ${count}`;
      yield {
        kind: 'series',
        key,
        message: `${symbol} ${timeframe} is not what was recorded: ${what}`,
      };
    }
  }
  for (const { symbol, timeframe } of left.values()) {
    const message = `${symbol} ${timeframe} was not there when the backup was made`;
    yield { kind: 'series', key: { symbol, timeframe }, message };
  }
}

function verifying(fraction: number): BackupProgress {
  return { phase: 'verifying', fraction };
}

function unreadable(message: string): BackupProblem {
  return { kind: 'unreadable', message };
}
