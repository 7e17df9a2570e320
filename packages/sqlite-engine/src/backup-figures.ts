import { miscounted, type SeriesRow } from '@barkeep/candle-archive';
import { BarkeepError, type CandleColumns, type EpochMs, type SeriesKey } from '@barkeep/core';
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
 * @throws BarkeepError `CORRUPT` when something cannot be read, or is not as its series counts it.
 */
export function* computeFigures(
  driver: SqliteDriver,
  progress: ProgressOf,
): BackupSteps<BackupFigures> {
  const archive = new SqliteArchive(driver, 0);
  return yield* figuresBy(
    archive,
    (key) => archive.pieces(key, EVER),
    progress,
    (found, row) => {
      const [first, last] = [row.first ?? undefined, row.last ?? undefined];
      if (found.count === row.count && found.first === first && found.last === last) return;
      throw miscounted(row, `${found.count} are found`);
    },
  );
}

/** The same of candles that `read` gives, which may be those of several files. */
export function* figuresBy(
  archive: SqliteArchive,
  read: (key: SeriesKey) => Iterable<CandleColumns>,
  progress: ProgressOf,
  check?: (found: BackupSeries, row: SeriesRow) => void,
): BackupSteps<BackupFigures> {
  const series: BackupSeries[] = [];
  const stored = archive.series.keys();
  for (const [i, key] of stored.entries()) {
    const row = archive.find(key);
    if (row === undefined) continue;
    const digest = new SeriesDigest();
    let first: EpochMs | undefined;
    let last: EpochMs | undefined;
    for (const piece of read(key)) {
      const { timestamp } = piece;
      if ((timestamp[0] ?? 0) <= (last ?? Number.NEGATIVE_INFINITY)) throw outOfOrder(key);
      digest.add(piece);
      first ??= timestamp[0];
      last = timestamp.at(-1);
      yield progress(i / stored.length);
    }
    const coverage = archive.coverage.of(row.id);
    const { count } = digest;
    const found = { ...key, count, first, last, checksum: digest.finish(coverage) };
    check?.(found, row);
    if (count > 0 || coverage.length > 0) series.push(found);
  }
  return { series: series.sort(bySeries), rest: yield* digestOfRest(archive.driver, progress(1)) };
}

function outOfOrder({ symbol, timeframe }: SeriesKey): BarkeepError {
  return new BarkeepError('CORRUPT', `the candles of ${symbol} ${timeframe} are out of order`);
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
