import { BarkeepError, seriesKeyText } from '@barkeep/core';
import type { BackupProblem, BackupProgress, BackupSeries } from '@barkeep/storage';
import { type BackupFigures, computeFigures } from './backup-figures.ts';
import { BackupLayer } from './backup-layers.ts';
import { type BackupRecord, backupSchemaVersion, readRecord } from './backup-record.ts';
import type { BackupSteps } from './backup-steps.ts';
import { quoted } from './ordinary-tables.ts';
import { SCHEMA_VERSION } from './schema.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { schemaProblems } from './structure-check.ts';

export interface BackupFindings {
  /** `undefined` when it cannot be read. */
  readonly record: BackupRecord | undefined;
  readonly problems: readonly BackupProblem[];
}

const MOST_PROBLEMS = 1_000;
/** Failures that say something of the backup; any other is the caller's. */
const FINDINGS: readonly string[] = ['CORRUPT', 'NOT_A_DATABASE', 'INVALID_INPUT', 'INTERNAL'];

export interface VerificationOptions {
  /** What it throws counts as what is found. */
  readonly first?: () => void;
  /**
   * Opens what an increment continues. Where it is absent, an increment cannot be verified.
   * @throws BarkeepError when that is not there, or another one.
   */
  readonly below?: (record: BackupRecord) => BackupLayer;
}

/** Reads a backup as a whole and compares it with its record, in one read transaction. Nothing changes. */
export function* verifyBackup(
  driver: SqliteDriver,
  { first, below = noBase }: VerificationOptions = {},
): BackupSteps<BackupFindings> {
  const problems: BackupProblem[] = [];
  let record: BackupRecord | undefined;
  try {
    driver.exec('PRAGMA query_only = ON');
    first?.();
    const version = backupSchemaVersion(driver);
    driver.exec('BEGIN');
    record = readRecord(driver);
    if (version !== SCHEMA_VERSION) {
      problems.push(unreadable(`it has schema version ${version}, not ${SCHEMA_VERSION}`));
    } else if (record.base === undefined) {
      for (const { message } of schemaProblems(driver)) problems.push(unreadable(message));
      yield* compareWith(record, driver, problems);
    } else {
      yield* compareLayers(record, driver, below, problems);
    }
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
  compare(record, yield* computeFigures(driver, verifying), problems);
}

/** Compares an increment, together with what it continues, with its record. */
function* compareLayers(
  record: BackupRecord,
  driver: SqliteDriver,
  open: (record: BackupRecord) => BackupLayer,
  problems: BackupProblem[],
): BackupSteps<void> {
  yield* checkStructure(driver, problems);
  let below: BackupLayer;
  try {
    below = open(record);
  } catch (error) {
    problems.push({ kind: 'base', message: sqliteFailure(error).message });
    return;
  }
  compare(record, yield* new BackupLayer(driver, below).figures(verifying), problems);
}

function compare(record: BackupFigures, found: BackupFigures, problems: BackupProblem[]): void {
  problems.push(...differences(record.series, found.series));
  if (found.rest === record.rest) return;
  problems.push({ kind: 'content', message: 'documents, revisions or other tables differ' });
}

function noBase(): never {
  throw new BarkeepError('UNSUPPORTED', 'it is an increment, which only files can be');
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
