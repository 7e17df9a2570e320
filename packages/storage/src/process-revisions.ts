import { type Interval, type SeriesKey, seriesKeyText } from '@barkeep/core';
import { randomRevision } from './random-revision.ts';
import { type RevisionBuckets, revisionBuckets } from './revision-buckets.ts';
import { SeriesRevisions } from './series-revisions.ts';

/**
 * Revisions that are kept in the memory of a process, for data whose every change it sees: no other
 * instance gives the same ones.
 */
export class ProcessRevisions {
  /** Kept when a series has gone: what it had must not come back under a revision of then. */
  readonly #series = new Map<string, SeriesRevisions>();
  #origin = randomRevision();
  #changes = 0;

  of(key: SeriesKey, range: Interval): string {
    const series = this.#series.get(seriesKeyText(key));
    const latest = series?.latest(revisionBuckets(key.timeframe, range)) ?? 0;
    return `${this.#origin}.${latest}`;
  }

  /** Gives a range a new revision. To be called in the same step in which its candles change. */
  renew(key: SeriesKey, range: Interval): void {
    this.renewBuckets(key, [revisionBuckets(key.timeframe, range)]);
  }

  /** The same of several ranges, which were found to lie in these buckets. */
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
