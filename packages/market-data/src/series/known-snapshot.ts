import { type EpochMs, type Interval, type IntervalSet, normalizeIntervals } from '@barkeep/core';
import type { CoverageEntry, SeriesSnapshot } from '@barkeep/storage';

/** A coverage entry collected this much after now may come of two clocks that nearly agree. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * What the storage said of a series at one instant: how far it reaches, what is covered, and the
 * revisions of some of its pages. It is kept as a whole and dropped as a whole.
 *
 * Coverage that reaches beyond now, or was collected after now, is the word of a wrong clock: nobody
 * knows which part of it is true, so none is believed.
 */
export class KnownSnapshot {
  readonly extent: Interval | undefined;
  readonly entries: readonly CoverageEntry[];
  readonly covered: IntervalSet;
  /** Entries to be removed from the storage. */
  readonly disbelieved: readonly CoverageEntry[];
  /** At an earlier instant some of the entries could not be believed. */
  readonly holdsFrom: EpochMs;
  readonly #revisions: Map<number, string>;

  /** The pages whose revisions were asked for, in the order of the snapshot's ranges. */
  constructor(
    { extent, coverage, ranges }: SeriesSnapshot,
    pages: readonly number[],
    now: EpochMs,
  ) {
    const isBelieved = (entry: CoverageEntry): boolean => saidAt(entry) <= now;
    const areBelieved = coverage.every(isBelieved);
    this.extent = extent;
    this.entries = areBelieved ? coverage : coverage.filter(isBelieved);
    this.disbelieved = areBelieved ? [] : coverage.filter((entry) => !isBelieved(entry));
    this.covered = normalizeIntervals(this.entries);
    this.holdsFrom = this.entries.reduce(
      (latest, entry) => Math.max(latest, saidAt(entry)),
      Number.NEGATIVE_INFINITY,
    );
    this.#revisions = new Map(pages.map((page, i) => [page, ranges[i]?.revision ?? '']));
  }

  /** Where the first candle or covered period is; `undefined` when there is neither. */
  get start(): EpochMs | undefined {
    const [first] = this.covered;
    if (this.extent === undefined || first === undefined) return this.extent?.from ?? first?.from;
    return Math.min(this.extent.from, first.from);
  }

  /** `undefined` for a page that was not asked about. */
  revisionOf(page: number): string | undefined {
    return this.#revisions.get(page);
  }

  /** The latest `most` pages asked about. */
  pages(most: number): number[] {
    return [...this.#revisions.keys()].slice(-most);
  }

  /**
   * Takes in a later snapshot that confirms everything this one knows, so that both are of one state.
   * Returns whether it does.
   */
  absorb(later: KnownSnapshot): boolean {
    if (!this.#isConfirmedBy(later)) return false;
    for (const [page, revision] of later.#revisions) {
      this.#revisions.delete(page);
      this.#revisions.set(page, revision);
    }
    return true;
  }

  #isConfirmedBy(later: KnownSnapshot): boolean {
    if (this.extent?.from !== later.extent?.from || this.extent?.to !== later.extent?.to) {
      return false;
    }
    if (this.entries.length !== later.entries.length) return false;
    if (!this.entries.every((entry, i) => isSameEntry(entry, later.entries[i]))) return false;
    return [...this.#revisions].every(([page, revision]) => {
      return later.#revisions.get(page) === revision;
    });
  }
}

function isSameEntry(a: CoverageEntry, b: CoverageEntry | undefined): boolean {
  return (
    a.from === b?.from && a.to === b.to && a.source === b.source && a.collectedAt === b.collectedAt
  );
}

/** The earliest instant at which an entry could have been written by a clock that is right. */
function saidAt({ to, collectedAt }: CoverageEntry): EpochMs {
  return Math.max(to, collectedAt - CLOCK_TOLERANCE_MS);
}
