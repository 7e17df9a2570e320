import { type EpochMs, type Interval, type IntervalSet, normalizeIntervals } from '@barkeep/core';
import type { CoverageEntry, SeriesSnapshot } from '@barkeep/storage';
import type { PageSpan } from './page-geometry.ts';

/** The ranges of a snapshot request: one for each page, and after them one for each span. */
export interface AskedPages {
  readonly pages: readonly number[];
  readonly spans?: readonly PageSpan[];
}

/** All pages of a span share the fate of its revision. */
interface KnownSpan extends PageSpan {
  readonly revision: string;
}

/** A coverage entry collected this much after now may come of two clocks that nearly agree. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * What the storage said of a series at one instant: how far it reaches, what is covered, and the
 * revisions of some of its pages. It is kept as a whole and dropped as a whole. The revision of a span
 * confirms all pages in it at a later time, however many they are.
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
  /** The last one has all pages in it. */
  #spans: readonly KnownSpan[];

  constructor(
    { extent, coverage, ranges }: SeriesSnapshot,
    { pages, spans = [] }: AskedPages,
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
    const revisionOf = (i: number): string => ranges[i]?.revision ?? '';
    this.#revisions = new Map(pages.map((page, i) => [page, revisionOf(i)]));
    this.#spans = spans.map(({ first, last }, i) => {
      return { first, last, revision: revisionOf(pages.length + i) };
    });
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

  /** The span of all its pages; `undefined` when there are none. */
  get span(): PageSpan | undefined {
    return this.#spans.at(-1);
  }

  /**
   * Takes in a later snapshot that confirms everything this one knows, so that both are of one state.
   * Returns whether it does.
   */
  absorb(later: KnownSnapshot): boolean {
    if (!this.agreesWith(later) || !this.#isConfirmedBy(later)) return false;
    for (const [page, revision] of later.#revisions) this.#revisions.set(page, revision);
    this.#spans = later.#spans;
    return true;
  }

  /** Whether a later snapshot contradicts nothing that this one knows. */
  agreesWith(later: KnownSnapshot): boolean {
    if (this.extent?.from !== later.extent?.from || this.extent?.to !== later.extent?.to) {
      return false;
    }
    if (this.entries.length !== later.entries.length) return false;
    if (!this.entries.every((entry, i) => isSameEntry(entry, later.entries[i]))) return false;
    for (const [page, revision] of later.#revisions) {
      if ((this.#revisions.get(page) ?? revision) !== revision) return false;
    }
    return this.#spans.every((span) => {
      const same = later.#spans.find((it) => isSameSpan(span, it));
      return same === undefined || same.revision === span.revision;
    });
  }

  /** Whether a later snapshot that agrees with this one knows all of its pages, by themselves or by a span. */
  #isConfirmedBy(later: KnownSnapshot): boolean {
    const known = this.#spans.filter((span) => later.#spans.some((it) => isSameSpan(span, it)));
    for (const page of this.#revisions.keys()) {
      const isKnown = known.some(({ first, last }) => first <= page && page <= last);
      if (!isKnown && !later.#revisions.has(page)) return false;
    }
    return true;
  }
}

function isSameSpan(a: PageSpan, b: PageSpan): boolean {
  return a.first === b.first && a.last === b.last;
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
