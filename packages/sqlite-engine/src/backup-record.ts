import {
  BarkeepError,
  type EpochMs,
  type Interval,
  type SeriesKey,
  type Timeframe,
} from '@barkeep/core';
import type { BackupDescription, BackupSeries } from '@barkeep/storage';
import { readSchemaVersion } from './migrations.ts';
import { readNumberPragma } from './pragma.ts';
import { SCHEMA_VERSION } from './schema.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { PARAMETER } from './unpeeked-parameter.ts';

/** What a backup says of itself, in tables of its own. */
export interface BackupRecord {
  readonly id: string;
  readonly createdAt: EpochMs;
  /** The `id` of the backup that it continues, and how its file is called from this one's directory. */
  readonly base: string | undefined;
  readonly basePath: string | undefined;
  readonly series: readonly BackupSeries[];
  /** Of what is not in `series`; see `BackupFigures`. */
  readonly rest: string;
}

/** Where the candles of a series have changed. */
export interface SeriesChanges {
  readonly id: number;
  /** Ascending, without overlap. */
  readonly ranges: readonly Interval[];
}

/** Every table of a record begins with this. A backup of a database that has them has only its own. */
export const RECORD_PREFIX = 'barkeep_backup';

const FORMAT = '1';
const TABLES = `
  CREATE TABLE barkeep_backup (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE barkeep_backup_series (
    symbol TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    count INTEGER NOT NULL,
    first INTEGER,
    last INTEGER,
    checksum TEXT NOT NULL,
    PRIMARY KEY (symbol, timeframe)
  ) STRICT, WITHOUT ROWID;
`;

type SeriesRow = readonly [
  symbol: string,
  timeframe: Timeframe,
  count: number,
  first: number | null,
  last: number | null,
  checksum: string,
];

/** Writes the record into a copy that has none. */
export function writeRecord(driver: SqliteDriver, record: BackupRecord): void {
  driver.exec(TABLES);
  const set = driver.prepare('INSERT INTO barkeep_backup (key, value) VALUES (?, ?)');
  const { id, createdAt, base, basePath, rest, series } = record;
  const schema = `${SCHEMA_VERSION}`;
  const values = { format: FORMAT, schema, id, createdAt: `${createdAt}`, base, basePath, rest };
  for (const [key, value] of Object.entries(values)) if (value !== undefined) set.run([key, value]);
  const add = driver.prepare('INSERT INTO barkeep_backup_series VALUES (?, ?, ?, ?, ?, ?)');
  for (const { symbol, timeframe, count, first, last, checksum } of series) {
    add.run([symbol, timeframe, count, first ?? null, last ?? null, checksum]);
  }
}

export function dropRecord(driver: SqliteDriver): void {
  driver.exec(`
    DROP TABLE IF EXISTS barkeep_backup;
    DROP TABLE IF EXISTS barkeep_backup_series;
    DROP TABLE IF EXISTS barkeep_backup_changes;
  `);
}

/** Writes where an increment replaces the candles of what it continues. */
export function writeChanges(driver: SqliteDriver, changes: readonly SeriesChanges[]): void {
  driver.exec(`
    CREATE TABLE barkeep_backup_changes (
      series_id INTEGER NOT NULL,
      from_time INTEGER NOT NULL,
      to_time INTEGER NOT NULL,
      PRIMARY KEY (series_id, from_time)
    ) STRICT, WITHOUT ROWID;
  `);
  const add = driver.prepare('INSERT INTO barkeep_backup_changes VALUES (?, ?, ?)');
  for (const { id, ranges } of changes) {
    for (const { from, to } of ranges) add.run([id, from, to]);
  }
}

/** The same of one series, ascending. */
export function readChanges(driver: SqliteDriver, seriesId: number): Interval[] {
  return driver
    .prepare<readonly [from: EpochMs, to: EpochMs]>(
      `SELECT from_time, to_time FROM barkeep_backup_changes WHERE series_id = ${PARAMETER}
       ORDER BY from_time`,
    )
    .all([seriesId])
    .map(([from, to]) => ({ from, to }));
}

/** Whether a database says that it is a backup. */
export function hasRecord(driver: SqliteDriver): boolean {
  const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'barkeep_backup'";
  return driver.prepare(sql).get([]) !== undefined;
}

/**
 * The schema version of a backup: its record says the same as its header, unless one is damaged.
 * @throws BarkeepError `CORRUPT`, or as `readSchemaVersion` does.
 */
export function backupSchemaVersion(driver: SqliteDriver): number {
  const sql = "SELECT value FROM barkeep_backup WHERE key = 'schema'";
  const recorded = hasRecord(driver) ? Number(driver.prepare(sql).get([])?.[0]) : undefined;
  const version = readNumberPragma(driver, 'user_version');
  if (recorded === undefined || recorded === version) return readSchemaVersion(driver);
  const message = `its header says schema version ${version}, and its record ${recorded}`;
  throw new BarkeepError('CORRUPT', message);
}

/** @throws BarkeepError `CORRUPT` when it is no backup, or its record is damaged. */
export function readRecord(driver: SqliteDriver): BackupRecord {
  if (!hasRecord(driver)) {
    const message = 'it is no backup: use integrity.check for a database';
    throw new BarkeepError('CORRUPT', message);
  }
  const rows = driver
    .prepare<readonly [key: string, value: string]>('SELECT key, value FROM barkeep_backup')
    .all([]);
  const { format, id, createdAt, base, basePath, rest } = Object.fromEntries(rows);
  if (format !== FORMAT || !id || rest === undefined || !isTime(Number(createdAt))) {
    throw new BarkeepError('CORRUPT', 'the record of the backup is damaged');
  }
  const series = driver
    .prepare<SeriesRow>(
      'SELECT symbol, timeframe, count, first, last, checksum FROM barkeep_backup_series',
    )
    .all([])
    .map(([symbol, timeframe, count, first, last, checksum]) => ({
      symbol,
      timeframe,
      count,
      first: first ?? undefined,
      last: last ?? undefined,
      checksum,
    }))
    .sort(bySeries);
  return { id, createdAt: Number(createdAt), base, basePath, rest, series };
}

/** What users are told of it. */
export function descriptionOf({ id, createdAt, base, series }: BackupRecord): BackupDescription {
  const candles = series.reduce((sum, { count }) => sum + count, 0);
  return { id, createdAt, base, series, candles };
}

/** As `candles.list` orders them. */
export function bySeries(a: SeriesKey, b: SeriesKey): number {
  return compareText(a.symbol, b.symbol) || compareText(a.timeframe, b.timeframe);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isTime(at: number): boolean {
  return Number.isSafeInteger(at);
}
