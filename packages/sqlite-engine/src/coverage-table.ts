import type { LedgerChange } from '@barkeep/candle-archive';
import { BarkeepError, type EpochMs, type Interval } from '@barkeep/core';
import type { CoverageEntry } from '@barkeep/storage';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';
import { PARAMETER } from './unpeeked-parameter.ts';

type Row = readonly [
  from: EpochMs,
  to: EpochMs,
  source: string,
  collectedAt: EpochMs,
  seriesId: number,
];

/** The table `coverage`: per series, the ledger of complete stretches. The caller holds the transaction. */
export class CoverageTable {
  readonly #all: SqliteStatement<Row>;
  readonly #touching: SqliteStatement<Row>;
  readonly #insert: SqliteStatement;
  readonly #delete: SqliteStatement;
  readonly #clear: SqliteStatement;

  constructor(driver: SqliteDriver) {
    this.#all = driver.prepare(
      `SELECT from_time, to_time, source, collected_at, series_id FROM coverage
       WHERE series_id = ${PARAMETER} ORDER BY from_time`,
    );
    // Entries never overlap, so of those that begin before the range only the last can reach it.
    this.#touching = driver.prepare(
      `SELECT from_time, to_time, source, collected_at, series_id FROM coverage
       WHERE series_id = ${PARAMETER} AND from_time <= ${PARAMETER} AND to_time >= ${PARAMETER}
         AND from_time >= ifnull(
           (SELECT max(from_time) FROM coverage
            WHERE series_id = ${PARAMETER} AND from_time < ${PARAMETER}),
           ${PARAMETER})
       ORDER BY from_time`,
    );
    this.#insert = driver.prepare(
      `INSERT INTO coverage (from_time, to_time, source, collected_at, series_id)
       VALUES (?, ?, ?, ?, ?)`,
    );
    this.#delete = driver.prepare('DELETE FROM coverage WHERE series_id = ? AND from_time = ?');
    this.#clear = driver.prepare('DELETE FROM coverage WHERE series_id = ?');
  }

  /** The ledger of a series, ascending. */
  of(seriesId: number): CoverageEntry[] {
    return entriesOf(seriesId, this.#all.all([seriesId]));
  }

  /** The entries that overlap or touch any of the ranges; both ascend. */
  touching(seriesId: number, ranges: readonly Interval[]): CoverageEntry[] {
    const entries = ranges.flatMap(({ from, to }) =>
      entriesOf(seriesId, this.#touching.all([seriesId, to, from, seriesId, from, from])),
    );
    if (ranges.length < 2) return entries;
    return [...new Map(entries.map((entry) => [entry.from, entry])).values()];
  }

  change(seriesId: number, { removed, added }: LedgerChange): void {
    for (const from of removed) this.drop(seriesId, from);
    for (const { from, to, source, collectedAt } of added) {
      this.#insert.run([from, to, source, collectedAt, seriesId]);
    }
  }

  /** Takes out the entry that begins at an instant, whatever it says. */
  drop(seriesId: number, from: EpochMs): void {
    this.#delete.run([seriesId, from]);
  }

  /** Forgets the whole ledger of a series, whatever it says; returns whether there was one. */
  clear(seriesId: number): boolean {
    return this.#clear.run([seriesId]) > 0;
  }
}

/** @throws BarkeepError `CORRUPT` when the table is out of order: coverage of another series is not ours. */
function entriesOf(seriesId: number, rows: readonly Row[]): CoverageEntry[] {
  return rows.map(([from, to, source, collectedAt, owner]) => {
    if (owner === seriesId) return { from, to, source, collectedAt };
    throw new BarkeepError(
      'CORRUPT',
      'the ledger of coverage is out of order: integrity.repair forgets what cannot be relied on',
    );
  });
}
