import { type EpochMs, isTimeframe } from '@barkeep/core';
import {
  type BackupProgress,
  type BackupSeries,
  ContentDigest,
  SeriesDigest,
} from '@barkeep/storage';
import { bySeries } from './backup-record.ts';
import type { BackupSteps, ProgressOf } from './backup-steps.ts';
import { CandleReader } from './candle-reader.ts';
import { CandleRows } from './candle-rows.ts';
import { CoverageTable } from './coverage-table.ts';
import { miscounted } from './damaged-segment.ts';
import { ordinaryTables, rowsOf } from './ordinary-tables.ts';
import { Segments } from './segments.ts';
import { type SeriesRow, SeriesTable } from './series-table.ts';
import type { SqliteDriver, SqliteRow } from './sqlite-driver.ts';

/** What a database holds, in figures by which a copy is compared with it. */
export interface BackupFigures {
  /** By symbol and timeframe. */
  readonly series: readonly BackupSeries[];
  /** A checksum of every other table: documents, revisions, and what users added. */
  readonly rest: string;
}

const PIECE = 65_536;
/** What the checksums of series stand for. */
const IN_SERIES: readonly string[] = ['candle_rows', 'segments', 'coverage'];
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
  const tables = new FigureTables(driver);
  const stored = tables.series.stored();
  const series: BackupSeries[] = [];
  for (const [i, { symbol, timeframe }] of stored.entries()) {
    if (!isTimeframe(timeframe)) continue;
    const row = tables.series.find({ symbol, timeframe });
    if (row === undefined) continue;
    const figures = yield* tables.figuresOf(row, progress(i / stored.length));
    if (figures !== undefined) series.push(figures);
  }
  return { series: series.sort(bySeries), rest: yield* digestOfRest(driver, progress(1)) };
}

class FigureTables {
  readonly series: SeriesTable;
  readonly #reader: CandleReader;
  readonly #coverage: CoverageTable;

  constructor(driver: SqliteDriver) {
    this.series = new SeriesTable(driver);
    this.#reader = new CandleReader(new CandleRows(driver), new Segments(driver));
    this.#coverage = new CoverageTable(driver);
  }

  *figuresOf(row: SeriesRow, done: BackupProgress): BackupSteps<BackupSeries | undefined> {
    const digest = new SeriesDigest();
    let first: EpochMs | undefined;
    let last: EpochMs | undefined;
    let from = Number.MIN_SAFE_INTEGER;
    for (;;) {
      const selection = { from, to: Number.MAX_SAFE_INTEGER, limit: PIECE, take: 'first' } as const;
      const piece = this.#reader.read(row, selection);
      const { timestamp } = piece;
      digest.add(piece);
      first ??= timestamp[0];
      last = timestamp.at(-1) ?? last;
      yield done;
      if (timestamp.length < PIECE || last === undefined || last < from) break;
      from = last + 1;
    }
    const { count } = digest;
    if (
      count !== row.count ||
      (row.first ?? undefined) !== first ||
      (row.last ?? undefined) !== last
    )
      throw miscounted(row, `${count} are found`);
    const coverage = this.#coverage.of(row.id);
    if (count === 0 && coverage.length === 0) return undefined;
    return { ...row.key, count, first, last, checksum: digest.finish(coverage) };
  }
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
