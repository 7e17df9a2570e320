import { BarkeepError, type EpochMs, type Interval } from '@barkeep/core';
import { addCoverageEntry, type CoverageEntry, removeCoverageRange } from '@barkeep/storage';
import { PARAMETER } from './parameter.ts';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';

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

  /** The entries that overlap or touch the range, ascending. */
  touching(seriesId: number, { from, to }: Interval): CoverageEntry[] {
    return entriesOf(seriesId, this.#touching.all([seriesId, to, from, seriesId, from, from]));
  }

  /** Records an entry; returns whether the ledger changed. */
  add(seriesId: number, entry: CoverageEntry): boolean {
    const before = this.touching(seriesId, entry);
    return this.#replace(seriesId, before, addCoverageEntry(before, entry));
  }

  /** Forgets a stretch; returns whether the ledger changed. */
  remove(seriesId: number, range: Interval): boolean {
    const before = this.touching(seriesId, range);
    return this.#replace(seriesId, before, removeCoverageRange(before, range));
  }

  /** Takes out the entry that begins at an instant, whatever it says. */
  drop(seriesId: number, from: EpochMs): void {
    this.#delete.run([seriesId, from]);
  }

  /** Forgets the whole ledger of a series, whatever it says; returns whether there was one. */
  clear(seriesId: number): boolean {
    return this.#clear.run([seriesId]) > 0;
  }

  #replace(
    seriesId: number,
    before: readonly CoverageEntry[],
    after: readonly CoverageEntry[],
  ): boolean {
    const gone = entriesBeside(before, after);
    const fresh = entriesBeside(after, before);
    for (const { from } of gone) this.#delete.run([seriesId, from]);
    for (const { from, to, source, collectedAt } of fresh) {
      this.#insert.run([from, to, source, collectedAt, seriesId]);
    }
    return gone.length > 0 || fresh.length > 0;
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

/** The entries of one ledger that another does not have. */
function entriesBeside(
  ledger: readonly CoverageEntry[],
  other: readonly CoverageEntry[],
): CoverageEntry[] {
  const byStart = new Map(other.map((entry) => [entry.from, entry]));
  return ledger.filter((entry) => {
    const same = byStart.get(entry.from);
    return same === undefined || !isSame(entry, same);
  });
}

function isSame(a: CoverageEntry, b: CoverageEntry): boolean {
  return (
    a.from === b.from && a.to === b.to && a.source === b.source && a.collectedAt === b.collectedAt
  );
}
