import { miscounted, type SeriesRow } from '@barkeep/candle-archive';
import { type EpochMs, isTimeframe } from '@barkeep/core';
import {
  type BackupProgress,
  type BackupSeries,
  ContentDigest,
  EVER,
  SeriesDigest,
} from '@barkeep/storage';
import { bySeries } from './backup-record.ts';
import type { BackupSteps, ProgressOf } from './backup-steps.ts';
import { ordinaryTables, rowsOf } from './ordinary-tables.ts';
import { SqliteArchive } from './sqlite-archive.ts';
import type { SqliteDriver, SqliteRow } from './sqlite-driver.ts';

/** What a database holds, in figures by which a copy is compared with it. */
export interface BackupFigures {
  /** By symbol and timeframe. */
  readonly series: readonly BackupSeries[];
  /** A checksum of every other table: documents, revisions, and what users added. */
  readonly rest: string;
}

/** What the checksums of series stand for. */
const IN_SERIES: readonly string[] = ['candle_rows', 'wide_candle_rows', 'segments', 'coverage'];
/** Those that do not depend on how candles are stored. */
const SERIES_COLUMNS: readonly string[] = ['id', 'symbol', 'timeframe', 'revision'];

/**
 * Reads a whole database, in the caller's transaction, step by step.
 * @throws BarkeepError `CORRUPT` when something cannot be read.
 */
export function* computeFigures(
  driver: SqliteDriver,
  progress: ProgressOf,
): BackupSteps<BackupFigures> {
  const archive = new SqliteArchive(driver, 0);
  const stored = archive.series.stored();
  const series: BackupSeries[] = [];
  for (const [i, { symbol, timeframe }] of stored.entries()) {
    if (!isTimeframe(timeframe)) continue;
    const row = archive.find({ symbol, timeframe });
    if (row === undefined) continue;
    const figures = yield* figuresOf(archive, row, progress(i / stored.length));
    if (figures !== undefined) series.push(figures);
  }
  return { series: series.sort(bySeries), rest: yield* digestOfRest(driver, progress(1)) };
}

function* figuresOf(
  archive: SqliteArchive,
  row: SeriesRow,
  done: BackupProgress,
): BackupSteps<BackupSeries | undefined> {
  const digest = new SeriesDigest();
  let first: EpochMs | undefined;
  let last: EpochMs | undefined;
  for (const piece of archive.pieces(row.key, EVER)) {
    digest.add(piece);
    first ??= piece.timestamp[0];
    last = piece.timestamp.at(-1) ?? last;
    yield done;
  }
  const { count } = digest;
  if (
    count !== row.count ||
    (row.first ?? undefined) !== first ||
    (row.last ?? undefined) !== last
  ) {
    throw miscounted(row, `${count} are found`);
  }
  const coverage = archive.coverage.of(row.id);
  if (count === 0 && coverage.length === 0) return undefined;
  return { ...row.key, count, first, last, checksum: digest.finish(coverage) };
}

/** The checksum of what the checksums of series do not stand for. */
export function* digestOfRest(driver: SqliteDriver, done: BackupProgress): BackupSteps<string> {
  const digest = new ContentDigest();
  for (const table of ordinaryTables(driver)) {
    if (IN_SERIES.includes(table.name)) continue;
    digest.addText(table.name);
    const columns = table.name === 'series' ? SERIES_COLUMNS : table.columns;
    for (const rows of rowsOf(driver, { ...table, columns })) {
      for (const row of rows) addRow(digest, row);
      yield done;
    }
  }
  return digest.value;
}

function addRow(digest: ContentDigest, row: SqliteRow): void {
  for (const value of row) {
    if (value instanceof Uint8Array) digest.addBytes(value);
    else digest.addText(`${typeof value} ${value}`);
  }
}
