import {
  CandleSeries,
  type EpochMs,
  type Interval,
  type IntervalSet,
  intervalsContain,
  intervalsOverlap,
  subtractIntervals,
} from '@barkeep/core';
import type {
  CoverageEntry,
  SeriesSnapshot,
  SnapshotRange,
  SnapshotRequest,
} from '@barkeep/storage';
import type { CandlePage, FoundPage, PageRequest } from '../pages/candle-page.ts';
import type { AlignedQuery } from '../series/aligned-query.ts';
import { type AskedPages, KnownSnapshot } from '../series/known-snapshot.ts';
import type { PageSpan } from '../series/page-geometry.ts';
import { type FoundCandles, PageWalk } from './page-walk.ts';

export interface CandleReadingOptions {
  /** Reads that would take more pages go to the storage directly; 0: all do. */
  readonly maxPages: number;
  /** Whether a tier finds pages by their revision only. */
  readonly needsRevisions: boolean;
  readonly now: EpochMs;
}

/** After so many trips to a storage that changes all the time, one call reads everything there is. */
const MAX_TRIPS = 8;
/** What is known of more pages than these together is not asked about again, but found out anew. */
const MAX_SPAN_PAGES = 1_024;
const NOWHERE: Interval = { from: 0, to: 0 };

/**
 * One ask on its way to an answer. Every page it has found carries the revision that its snapshot gives:
 * a trip to the storage asks about all of them, and brings those that have changed anew. So candles,
 * extent and coverage are of one state of the storage.
 */
export class CandleReading {
  readonly wanted: AlignedQuery;
  readonly #options: CandleReadingOptions;
  readonly #walk: PageWalk;
  #snapshot: KnownSnapshot | undefined;
  /** The pages needed next, as far as can be told now. */
  #needed: readonly number[] = [];
  #isDirect = false;
  #direct: FoundCandles | undefined;
  /** What the trip under way asks about. */
  #asked: Required<AskedPages> = { pages: [], spans: [] };
  /** How many changes had been heard of when it began. */
  #changes = 0;
  #trips = 0;
  #disbelieved: readonly CoverageEntry[] = [];

  constructor(wanted: AlignedQuery, options: CandleReadingOptions) {
    this.wanted = wanted;
    this.#options = options;
    this.#walk = new PageWalk(wanted);
    const known = wanted.series.snapshot;
    this.#snapshot = known !== undefined && known.holdsFrom <= options.now ? known : undefined;
    this.#plan();
  }

  /** Coverage that the latest trip found and that cannot be believed. */
  get disbelieved(): readonly CoverageEntry[] {
    return this.#disbelieved;
  }

  /** Whether the storage answers the ask itself. */
  get isDirect(): boolean {
    return this.#isDirect;
  }

  /** Whether it has everything, all of one state. */
  get isDone(): boolean {
    if (this.#isDirect) return this.#direct !== undefined;
    return this.#needed.length === 0 && this.isConfirmed;
  }

  /** Pages to look for in the tiers. */
  get requests(): PageRequest[] {
    if (this.#isDirect) return [];
    const { series } = this.wanted;
    const snapshot = this.#snapshot;
    return this.#needed.map((page) => ({ series, page, revision: snapshot?.revisionOf(page) }));
  }

  /** Takes in what the tiers had of the `requests`. Returns whether that was all of it. */
  find(requests: readonly PageRequest[], pages: readonly (CandlePage | undefined)[]): boolean {
    let isAll = true;
    for (const [i, { page }] of requests.entries()) {
      const found = pages[i];
      if (found === undefined) isAll = false;
      else this.#walk.found.set(page, found);
    }
    if (isAll) this.#plan();
    return isAll;
  }

  /** What to ask of the storage. */
  request(): SnapshotRequest {
    const { series } = this.wanted;
    this.#changes = series.changes;
    this.#trips += 1;
    const ranges = this.#isDirect ? [this.#wholeAsk()] : this.#ranges();
    return { ...series.key, ranges };
  }

  /** Takes in the storage's answer to the latest request. Returns the pages worth keeping. */
  learn(answer: SeriesSnapshot, now: EpochMs): FoundPage[] {
    const { series } = this.wanted;
    const coverage = outside(answer.coverage, series.withdrawn);
    const asked = this.#isDirect ? { pages: [] } : this.#asked;
    const fresh = new KnownSnapshot({ ...answer, coverage }, asked, now);
    this.#disbelieved = fresh.disbelieved;
    const snapshot = series.learn(fresh, this.#changes);
    this.#snapshot = snapshot;
    if (this.#isDirect) {
      this.#direct = directResult(answer);
      return [];
    }
    const brought: FoundPage[] = [];
    for (const [i, page] of this.#asked.pages.entries()) {
      const { candles, revision = '' } = answer.ranges[i] ?? {};
      if (candles === undefined) continue;
      const cachedUntil = Number.NEGATIVE_INFINITY;
      this.#walk.found.set(page, { candles, revision, tier: 'storage', cachedUntil });
      const stretch = series.geometry.stretchOf(page);
      // A page beyond the extent was only likely to have candles.
      const isOfUse = snapshot.extent !== undefined && intervalsOverlap(snapshot.extent, stretch);
      // A reading that began later may have found another revision meanwhile.
      const latest = series.snapshot?.revisionOf(page) ?? revision;
      if (!isOfUse || latest !== revision) continue;
      const isSettled = intervalsContain(snapshot.covered, stretch);
      brought.push({ series, page, candles, revision, isSettled });
    }
    this.#plan();
    return brought;
  }

  /** Call it when `isDone`. */
  result(): FoundCandles & { readonly snapshot: KnownSnapshot } {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) throw new TypeError('a reading ends with a snapshot');
    return { ...(this.#direct ?? this.#walk.result(this.#stretch(snapshot))), snapshot };
  }

  /** Whether everything found is of the snapshot. */
  get isConfirmed(): boolean {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return false;
    for (const [page, { revision }] of this.#walk.found) {
      if (snapshot.revisionOf(page) !== revision) return false;
    }
    return true;
  }

  #plan(): void {
    const { maxPages, now } = this.#options;
    const snapshot = this.#snapshot;
    const stretch =
      snapshot === undefined ? likelyStretch(this.wanted, now) : this.#stretch(snapshot);
    const needed = stretch === undefined ? [] : this.#walk.next(stretch, maxPages);
    this.#isDirect = maxPages === 0 || this.#trips >= MAX_TRIPS || needed === undefined;
    this.#needed = this.#isDirect ? [] : (needed ?? []);
  }

  #wholeAsk(): SnapshotRange {
    const { range, hasFrom, hasTo, limit, take } = this.wanted;
    return {
      ...(hasFrom ? { from: range.from } : {}),
      ...(hasTo ? { to: range.to } : {}),
      ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
      take,
      candles: limit === 0 ? 'never' : 'always',
    };
  }

  #ranges(): SnapshotRange[] {
    const { series } = this.wanted;
    const { found } = this.#walk;
    const pages = [...new Set([...found.keys(), ...this.#needed])];
    const spans = spansAround(pages, series.snapshot?.span);
    this.#asked = { pages, spans };
    const ofPages = pages.map((page): SnapshotRange => {
      const range = series.geometry.stretchOf(page);
      const known = found.get(page);
      if (known !== undefined) return { ...range, candles: { unless: known.revision } };
      return { ...range, candles: this.#isSoughtByRevision(page) ? 'never' : 'always' };
    });
    const ofSpans = spans.map(({ first, last }): SnapshotRange => {
      return { ...series.geometry.stretchOf(first, last), candles: 'never' };
    });
    return [...ofPages, ...ofSpans];
  }

  /** Whether a tier may have it once its revision is known. */
  #isSoughtByRevision(page: number): boolean {
    return this.#options.needsRevisions && this.#snapshot?.revisionOf(page) === undefined;
  }

  /** The part of the ask's range that can have candles. */
  #stretch({ extent }: KnownSnapshot): Interval {
    if (extent === undefined) return NOWHERE;
    const { range } = this.wanted;
    const from = Math.max(range.from, extent.from);
    return { from, to: Math.max(from, Math.min(range.to, extent.to)) };
  }
}

/** The span of what is known, to confirm it, and that of all pages, for the next time. */
function spansAround(pages: readonly number[], known: PageSpan | undefined): PageSpan[] {
  if (pages.length === 0) return known === undefined ? [] : [known];
  const own = { first: Math.min(...pages), last: Math.max(...pages) };
  if (known === undefined) return [own];
  const first = Math.min(own.first, known.first);
  const last = Math.max(own.last, known.last);
  if (last - first >= MAX_SPAN_PAGES) return [own];
  const isWider = first < known.first || last > known.last;
  return isWider ? [known, { first, last }] : [known];
}

function directResult({ key, ranges: [range] }: SeriesSnapshot): FoundCandles {
  const candles = range?.candles ?? CandleSeries.empty(key);
  return {
    candles,
    byTier: new Map([['storage', candles.length]]),
    cachedUntil: Number.NEGATIVE_INFINITY,
  };
}

/** Where a series that is traded today would have the candles of an ask; `undefined` for nowhere. */
function likelyStretch(
  { series, range, limit, take }: AlignedQuery,
  now: EpochMs,
): Interval | undefined {
  const { grid } = series;
  const to = Math.min(range.to, grid.shift(now));
  const isEndless = limit === Number.POSITIVE_INFINITY || take === 'first';
  const from = isEndless ? range.from : Math.max(range.from, grid.shift(to, -Math.max(1, limit)));
  return from < to ? { from, to } : undefined;
}

/** The entries without what lies in the set. */
function outside(entries: readonly CoverageEntry[], set: IntervalSet): readonly CoverageEntry[] {
  if (set.length === 0) return entries;
  return entries.flatMap((entry) =>
    subtractIntervals([entry], set).map((rest) => ({ ...entry, ...rest })),
  );
}
