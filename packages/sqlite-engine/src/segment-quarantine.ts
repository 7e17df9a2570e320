import type { SeriesKey } from '@barkeep/core';
import type { QuarantinedRun, QuarantineReport } from '@barkeep/storage';
import type { CandleRows } from './candle-rows.ts';
import type { ChangeLog } from './change-log.ts';
import type { CoverageTable } from './coverage-table.ts';
import { periodsAround } from './damaged-segment.ts';
import type { RevisionTable } from './revision-table.ts';
import { faultySegments, type SegmentFault } from './segment-judgement.ts';
import type { Segments, StoredSegment } from './segments.ts';
import { countedAnew } from './series-counters.ts';
import type { SeriesRow, SeriesTable } from './series-table.ts';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';
import { inTransaction } from './transaction.ts';

/** A number as the table takes it: damage may have made anything of it. */
const whole = (column: string): string => `CAST(ifnull(${column}, 0) AS INTEGER)`;

export interface QuarantinedTables {
  readonly driver: SqliteDriver;
  readonly series: SeriesTable;
  readonly rows: CandleRows;
  readonly segments: Segments;
  readonly coverage: CoverageTable;
  readonly changes: ChangeLog;
  readonly revisions: RevisionTable;
}

/** Moves segments that cannot be read to `damaged_segments`, and forgets their coverage. */
export class SegmentQuarantine {
  readonly #tables: QuarantinedTables;
  readonly #move: SqliteStatement;

  constructor(tables: QuarantinedTables) {
    this.#tables = tables;
    this.#move = tables.driver.prepare(
      `INSERT INTO damaged_segments
         (series_id, first, last, count, format, checksum, data, reason)
       SELECT series_id, ${whole('first')}, ${whole('last')}, ${whole('count')}, ${whole('format')},
         ${whole('checksum')}, CAST(ifnull(data, x'') AS BLOB), ?
       FROM segments WHERE id = ?`,
    );
  }

  /** Looks through one series, or all. What belongs to one series is one transaction. */
  run(key: SeriesKey | undefined): QuarantineReport {
    const { driver, series } = this.#tables;
    const runs = (key === undefined ? series.keys() : [key]).flatMap((one) => {
      // Decoding takes long and most series are sound, so the write lock waits until it is needed.
      const isFaulty = inTransaction(driver, 'read', () => this.#faults(one).length > 0);
      return isFaulty ? inTransaction(driver, 'write', () => this.#quarantine(one)) : [];
    });
    return { candles: runs.reduce((sum, { candles }) => sum + candles, 0), runs };
  }

  /**
   * Mends what the table says of segments whose bytes are right, and takes others out of the way. The
   * caller holds the transaction, and counts anew.
   */
  mend(series: SeriesRow, faults: readonly SegmentFault[]): QuarantinedRun[] {
    const { segments } = this.#tables;
    const misdescribed = faults.filter((fault) => fault.kind === 'misdescribed');
    const runs = faults
      .filter(({ kind }) => kind !== 'misdescribed')
      .map(({ segment, message }) => this.#setApart(series, segment, message));
    // Beginnings are unique: no other may be in the way of the right one.
    for (const { segment, header } of misdescribed) {
      segments.describe(segment.id, { ...header, first: Number.MIN_SAFE_INTEGER + segment.id });
    }
    for (const { segment, header } of misdescribed) segments.describe(segment.id, header);
    return runs;
  }

  #quarantine(key: SeriesKey): QuarantinedRun[] {
    const { series: table, rows, segments } = this.#tables;
    const series = table.find(key);
    if (series === undefined) return [];
    const runs = this.mend(series, faultySegments(series, segments));
    table.update({ id: series.id, ...countedAnew(series, rows, segments) });
    return runs;
  }

  #faults(key: SeriesKey): SegmentFault[] {
    const series = this.#tables.series.find(key);
    return series === undefined ? [] : faultySegments(series, this.#tables.segments);
  }

  /** Keeps a copy of what is about to be deleted. */
  keep({ id }: StoredSegment, reason: string): void {
    this.#move.run([reason, id]);
  }

  #setApart(series: SeriesRow, segment: StoredSegment, reason: string): QuarantinedRun {
    const { segments, changes, revisions, coverage } = this.#tables;
    const { key, id } = series;
    const interval = periodsAround(key, segment);
    this.keep(segment, reason);
    segments.delete(segment);
    const change = changes.append('candles', id, interval);
    revisions.renew(series, interval, change);
    if (coverage.remove(id, interval)) changes.append('coverage', id, interval);
    return { key, interval, candles: segment.count, message: reason };
  }
}
