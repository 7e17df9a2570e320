import { CandleSeries, type EpochMs, type Interval } from '@barkeep/core';
import type { CandleRows } from './candle-rows.ts';
import type { SeriesRow } from './series-table.ts';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';

/** The rows of a series that a compaction may fold into segments: all but the latest. */
export class FoldableRows {
  readonly #rows: CandleRows;
  readonly #latest: SqliteStatement<readonly [timestamp: number]>;
  readonly #first: SqliteStatement<readonly [timestamp: number]>;

  constructor(driver: SqliteDriver, rows: CandleRows) {
    this.#rows = rows;
    this.#latest = driver.prepare(
      'SELECT timestamp FROM candle_rows WHERE series_id = ? ORDER BY timestamp DESC LIMIT 1 OFFSET ?',
    );
    this.#first = driver.prepare(
      `SELECT timestamp FROM candle_rows WHERE series_id = ? AND timestamp >= ? AND timestamp < ?
       ORDER BY timestamp LIMIT 1`,
    );
  }

  /** Rows from here on stay rows; −∞ when none may be folded. */
  horizon(seriesId: number, keepRows: number): EpochMs {
    return this.#latest.get([seriesId, keepRows - 1])?.[0] ?? Number.MIN_SAFE_INTEGER;
  }

  /** The timestamp of the first row in `[from, to)`. */
  first(seriesId: number, { from, to }: Interval): EpochMs | undefined {
    return this.#first.get([seriesId, from, to])?.[0];
  }

  /** The first `limit` rows of `[from, to)`. @throws BarkeepError `CORRUPT`. */
  read(series: SeriesRow, range: Interval, limit: number): CandleSeries {
    const selection = { ...range, limit, take: 'first' } as const;
    const columns = this.#rows.read(series, selection, Math.min(limit, series.rowCount));
    return CandleSeries.fromTrustedColumns(series.key, columns);
  }
}
