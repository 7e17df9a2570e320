import { type Interval, type SeriesKey, seriesKeyText } from '@barkeep/core';
import { randomRevision } from './random-revision.ts';
import { type RevisionBuckets, revisionBuckets } from './revision-buckets.ts';
import { SeriesRevisions } from './series-revisions.ts';

/**
 * Revisions kept in process memory, for data that only this process changes. Unique to this
 * instance.
 */
export class ProcessRevisions {
  /**
   * Entries are kept when a series is removed, so that old candles cannot return under an old
   * revision.
   */
  readonly #series = new Map<string, SeriesRevisions>();
  #origin = randomRevision();
  #changes = 0;

  of(key: SeriesKey, range: Interval): string {
    const series = this.#series.get(seriesKeyText(key));
    const latest = series?.latest(revisionBuckets(key.timeframe, range)) ?? 0;
    return `${this.#origin}.${latest}`;
  }

  /**
   * Gives a range a new revision. Call it in the same synchronous step that changes the candles.
   */
  renew(key: SeriesKey, range: Interval): void {
    this.renewBuckets(key, [revisionBuckets(key.timeframe, range)]);
  }

  /** Like `renew`, for several ranges, given by their buckets. */
  renewBuckets(key: SeriesKey, all: readonly RevisionBuckets[]): void {
    if (all.length === 0) return;
    const text = seriesKeyText(key);
    const series = this.#series.get(text) ?? new SeriesRevisions();
    this.#changes += 1;
    for (const buckets of all) series.mark(buckets, this.#changes);
    this.#series.set(text, series);
  }

  /** Gives every range of every series a new revision. */
  renewAll(): void {
    this.#series.clear();
    this.#origin = randomRevision();
  }
}
