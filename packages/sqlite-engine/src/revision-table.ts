import type { Renewal, SeriesRow } from '@barkeep/candle-archive';
import type { Interval } from '@barkeep/core';
import { revisionBuckets } from '@barkeep/storage';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';
import { PARAMETER } from './unpeeked-parameter.ts';

/** The revision of a range in which nothing ever changed: it has no candles, in whichever database. */
const NEVER_CHANGED = 'none';

/**
 * The table `revisions`: which change was the latest in each bucket of a series' periods. The revision of
 * a range is that of the latest change in it. Each change has made up its own, so wherever one is found
 * again, in whichever copy of the database, the same changes have led to it and none has followed.
 */
export class RevisionTable {
  readonly #mark: SqliteStatement;
  readonly #markSeries: SqliteStatement;
  readonly #forgetBuckets: SqliteStatement;
  readonly #latest: SqliteStatement<readonly [change: number | null, revision: string | null]>;
  readonly #ofSeries: SqliteStatement<readonly [revision: string | null]>;

  constructor(driver: SqliteDriver) {
    this.#mark = driver.prepare(
      `INSERT OR REPLACE INTO revisions (series_id, bucket, change, revision)
       VALUES (?, ?, ?, ?)`,
    );
    this.#markSeries = driver.prepare('UPDATE series SET revision = ? WHERE id = ?');
    this.#forgetBuckets = driver.prepare('DELETE FROM revisions WHERE series_id = ?');
    // Beside max(), SQLite gives a column of the row that has the maximum.
    this.#latest = driver.prepare(
      `SELECT max(change), revision FROM revisions
       WHERE series_id = ${PARAMETER} AND bucket >= ${PARAMETER} AND bucket <= ${PARAMETER}`,
    );
    this.#ofSeries = driver.prepare('SELECT revision FROM series WHERE id = ?');
  }

  /** The revision of each range of a series, in their order. */
  of(series: SeriesRow | undefined, ranges: readonly Interval[]): string[] {
    return ranges.map((range) => {
      if (series === undefined) return NEVER_CHANGED;
      const { first, last } = revisionBuckets(series.key.timeframe, range);
      // A change of the whole series leaves no buckets, so those that are there are of later ones.
      const latest = this.#latest.get([series.id, first, last])?.[1];
      return latest ?? this.#ofSeries.get([series.id])?.[0] ?? NEVER_CHANGED;
    });
  }

  /** `change` is the number in the change log of the change that calls for it. */
  renew(seriesId: number, { revision, buckets }: Renewal, change: number): void {
    const { first, last, areMany } = buckets;
    if (areMany) {
      this.#markSeries.run([revision, seriesId]);
      this.#forgetBuckets.run([seriesId]);
      return;
    }
    for (let bucket = first; bucket <= last; bucket += 1) {
      this.#mark.run([seriesId, bucket, change, revision]);
    }
  }
}
