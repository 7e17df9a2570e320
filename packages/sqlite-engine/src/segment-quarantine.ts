import {
  allocateColumns,
  BarkeepError,
  type Interval,
  type SeriesKey,
  timeframeGrid,
} from '@barkeep/core';
import type { QuarantinedRun, QuarantineReport } from '@barkeep/storage';
import type { CandleRows } from './candle-rows.ts';
import type { ChangeLog } from './change-log.ts';
import type { CoverageTable } from './coverage-table.ts';
import { countOverlaid } from './overlaid-candles.ts';
import type { RevisionTable } from './revision-table.ts';
import type { SegmentEntry, Segments } from './segments.ts';
import type { SeriesRow, SeriesTable } from './series-table.ts';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';
import { inTransaction } from './transaction.ts';

export interface QuarantinedTables {
  readonly driver: SqliteDriver;
  readonly series: SeriesTable;
  readonly rows: CandleRows;
  readonly segments: Segments;
  readonly coverage: CoverageTable;
  readonly changes: ChangeLog;
  readonly revisions: RevisionTable;
}

const ALL_TIME: Interval = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

/** Moves segments that cannot be decoded to `damaged_segments`, and forgets their coverage. */
export class SegmentQuarantine {
  readonly #tables: QuarantinedTables;
  readonly #move: SqliteStatement;

  constructor(tables: QuarantinedTables) {
    this.#tables = tables;
    this.#move = tables.driver.prepare(
      `INSERT INTO damaged_segments
         (series_id, first, last, count, format, checksum, data, reason)
       SELECT series_id, first, last, count, format, checksum, data, ?
       FROM segments WHERE id = ?`,
    );
  }

  /** Looks through one series, or all. What belongs to one series is one transaction. */
  run(key: SeriesKey | undefined): QuarantineReport {
    const { driver, series } = this.#tables;
    const runs = (key === undefined ? series.keys() : [key]).flatMap((one) => {
      // Decoding takes long and most series are sound, so the write lock waits until it is needed.
      const isDamaged = inTransaction(driver, 'read', () => this.#damaged(one).length > 0);
      return isDamaged ? inTransaction(driver, 'write', () => this.#quarantine(one)) : [];
    });
    return { candles: runs.reduce((sum, { candles }) => sum + candles, 0), runs };
  }

  #quarantine(key: SeriesKey): QuarantinedRun[] {
    const series = this.#tables.series.find(key);
    if (series === undefined) return [];
    const runs = this.#damaged(key).map(({ entry, message }) => {
      const interval = { from: entry.first, to: timeframeGrid(key.timeframe).shift(entry.last) };
      this.#move.run([message, entry.id]);
      this.#tables.segments.delete(entry);
      const change = this.#tables.changes.append('candles', series.id, interval);
      this.#tables.revisions.renew(series, interval, change);
      if (this.#tables.coverage.remove(series.id, interval)) {
        this.#tables.changes.append('coverage', series.id, interval);
      }
      return { key, interval, candles: entry.count, message };
    });
    this.#recount(series);
    return runs;
  }

  #damaged(key: SeriesKey): { readonly entry: SegmentEntry; readonly message: string }[] {
    const series = this.#tables.series.find(key);
    if (series === undefined) return [];
    return this.#tables.segments.touching(series.id, ALL_TIME).flatMap((entry) => {
      const message = this.#damageOf(series, entry);
      return message === undefined ? [] : [{ entry, message }];
    });
  }

  #damageOf(series: SeriesRow, entry: SegmentEntry): string | undefined {
    const { segments } = this.#tables;
    try {
      const bytes = segments.bytes(series, entry);
      segments.decode(series, entry, bytes, allocateColumns(entry.count));
      return undefined;
    } catch (error) {
      if (!BarkeepError.is(error, 'CORRUPT')) throw error;
      return error.message;
    }
  }

  /** Which candles a row overlaid cannot be told of a damaged segment, so what is left is counted. */
  #recount(series: SeriesRow): void {
    const { rows, segments, series: table } = this.#tables;
    const entries = segments.touching(series.id, ALL_TIME);
    const count = entries.reduce(
      (sum, entry) => sum + entry.count - countOverlaid(series, entry, rows, segments),
      series.rowCount,
    );
    const extents = [rows.extent(series.id), segments.extent(series.id)].filter(
      (extent) => extent !== undefined,
    );
    const isEmpty = extents.length === 0;
    table.update({
      ...series,
      count,
      first: isEmpty ? null : Math.min(...extents.map(({ first }) => first)),
      last: isEmpty ? null : Math.max(...extents.map(({ last }) => last)),
    });
  }
}
