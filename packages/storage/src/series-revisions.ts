import type { RevisionBuckets } from './revision-buckets.ts';

/** The latest change per bucket of one series. Changes have increasing numbers. */
export class SeriesRevisions {
  readonly #latest = new Map<number, number>();
  /** The latest change of buckets without an entry of their own. */
  #latestOfAll = 0;

  mark({ first, last, areMany }: RevisionBuckets, change: number): void {
    if (areMany) {
      this.#latest.clear();
      this.#latestOfAll = change;
      return;
    }
    for (let bucket = first; bucket <= last; bucket += 1) this.#latest.set(bucket, change);
  }

  /** The number of the latest change; 0 if there was none. */
  latest({ first, last }: RevisionBuckets): number {
    let latest = this.#latestOfAll;
    if (last - first < this.#latest.size) {
      for (let bucket = first; bucket <= last; bucket += 1) {
        latest = Math.max(latest, this.#latest.get(bucket) ?? 0);
      }
      return latest;
    }
    for (const [bucket, change] of this.#latest) {
      if (first <= bucket && bucket <= last) latest = Math.max(latest, change);
    }
    return latest;
  }
}
