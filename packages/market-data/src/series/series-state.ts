import {
  type EpochMs,
  type Interval,
  type IntervalSet,
  MAX_EPOCH_MS,
  type MonotonicTime,
  normalizeIntervals,
  type SeriesKey,
  seriesKeyText,
  subtractIntervals,
  type TimeframeGrid,
} from '@barkeep/core';
import type { CoverageEntry, SeriesInfo } from '@barkeep/storage';
import type { LiveStreams } from '../live/live-streams.ts';
import type { PageGeometry } from '../pages/page-geometry.ts';
import { PageStamps } from '../pages/page-stamps.ts';
import type { ChangeCounter } from './change-counter.ts';
import type { SeriesNotes } from './series-notebook.ts';
import { SettlingPeriods } from './settling-periods.ts';

/** The part of a series' coverage this process has read. */
export interface Ledger {
  readonly entries: readonly CoverageEntry[];
  readonly covered: IntervalSet;
}

/** A value read from the storage, and the number of the last change before the reading began. */
interface Known<T> {
  readonly value: T;
  readonly stamp: number;
}

/** When the latest candles were last seen. */
export interface CurrentSight {
  /** The start of the period that was the current one. */
  readonly period: EpochMs;
  /** How far what was seen reaches: not always to the end of that period. */
  readonly to: EpochMs;
  /** When, in monotonic time. */
  readonly at: number;
}

/** A search for earlier candles that found none. */
export interface VainSearch {
  /** How far back it went. */
  readonly from: EpochMs;
  /** The first candle that was known then; with an earlier one the search is worth another try. */
  readonly firstCandle: EpochMs | undefined;
  /** When it is worth another try at any rate, in monotonic time. */
  readonly until: number;
}

const NEVER = -1;

/**
 * What this process knows of one series besides its candles: how far they reach, what is covered,
 * and which of it a change has made doubtful since.
 */
export class SeriesState {
  readonly key: SeriesKey;
  readonly text: string;
  readonly geometry: PageGeometry;
  readonly pages: PageStamps;
  notes: SeriesNotes | undefined;
  /** What was delivered too soon after its end to be final. */
  readonly settling: SettlingPeriods;
  /** When the current period was last fetched or written. */
  currentSeen: CurrentSight | undefined;
  vainSearch: VainSearch | undefined;
  readonly #counter: ChangeCounter;
  readonly #streams: LiveStreams;
  #extent: Known<Interval | undefined> = { value: undefined, stamp: NEVER };
  #ledger: Known<Ledger> = { value: { entries: [], covered: [] }, stamp: NEVER };
  #candlesChangedAt: number;
  #coverageChangedAt: number;
  #liveChangedAt: number = NEVER;

  constructor(
    key: SeriesKey,
    geometry: PageGeometry,
    counter: ChangeCounter,
    streams: LiveStreams,
    time: MonotonicTime,
  ) {
    this.settling = new SettlingPeriods(time);
    this.key = { symbol: key.symbol, timeframe: key.timeframe };
    this.text = seriesKeyText(key);
    this.geometry = geometry;
    this.#counter = counter;
    this.#streams = streams;
    const stamp = counter.next();
    this.#candlesChangedAt = stamp;
    this.#coverageChangedAt = stamp;
    this.pages = new PageStamps(stamp);
  }

  get grid(): TimeframeGrid {
    return this.geometry.grid;
  }

  /** The number of the last change so far: for readings that begin now. */
  get stamp(): number {
    return this.#counter.now;
  }

  /** From the first candle to the end of the last one's period; `undefined` when there is none. */
  get extent(): Interval | undefined {
    return this.#extent.value;
  }

  get extentIsFresh(): boolean {
    return this.#extent.stamp >= this.#candlesChangedAt;
  }

  get ledger(): Ledger {
    return this.#ledger.value;
  }

  get ledgerIsFresh(): boolean {
    return this.#ledger.stamp >= this.#coverageChangedAt;
  }

  /** Whether all of it has been read, and no change has come since. */
  get isKnown(): boolean {
    return this.extentIsFresh && this.ledgerIsFresh && this.notes !== undefined;
  }

  get coverageChangedAt(): number {
    return this.#coverageChangedAt;
  }

  /** The number of the latest change that made a part of it doubtful. */
  get doubtedAt(): number {
    return Math.max(this.#candlesChangedAt, this.#coverageChangedAt);
  }

  /** As `doubtedAt`, with what the router has told: answers show that too. */
  get answersDoubtedAt(): number {
    return Math.max(this.doubtedAt, this.#liveChangedAt);
  }

  /** From which period on every candle comes through the router; `undefined` when that is not so. */
  get liveSince(): EpochMs | undefined {
    return this.#streams.since(this.text);
  }

  learnExtent(info: SeriesInfo | undefined, stamp: number): void {
    const before = this.#extent;
    if (stamp < before.stamp) return;
    const extent =
      info === undefined ? undefined : { from: info.first, to: this.grid.shift(info.last) };
    this.#extent = { value: extent, stamp };
    if (before.stamp !== NEVER) this.#doubt(differences(before.value, extent), before.stamp);
  }

  learnLedger(entries: readonly CoverageEntry[], stamp: number): void {
    const before = this.#ledger;
    if (stamp < before.stamp) return;
    const covered = normalizeIntervals(entries);
    this.#ledger = { value: { entries, covered }, stamp };
    if (before.stamp === NEVER) return;
    const old = before.value.covered;
    const changed = [...subtractIntervals(covered, old), ...subtractIntervals(old, covered)];
    this.#doubt(changed, before.stamp);
  }

  candlesChanged(interval: Interval): void {
    this.#candlesChangedAt = this.#counter.next();
    this.#markPages(interval, this.#candlesChangedAt);
  }

  /** The router has told a new state of a candle, or can no longer be relied on. */
  liveChanged(): void {
    this.#liveChangedAt = this.#counter.next();
  }

  coverageChanged(): void {
    this.#coverageChangedAt = this.#counter.next();
  }

  /** Forgets that anything was read of it. */
  everythingChanged(): void {
    this.#doubtAll(this.#counter.next());
  }

  /** For when changes will no longer be told: nothing read from now on may be kept. */
  retire(): void {
    this.#doubtAll(Number.POSITIVE_INFINITY);
  }

  #doubtAll(stamp: number): void {
    this.#candlesChangedAt = stamp;
    this.#coverageChangedAt = stamp;
    this.pages.markAll(stamp);
    this.settling.clear();
    this.currentSeen = undefined;
    this.vainSearch = undefined;
  }

  /**
   * A reading can show a change of another process before the change feed tells of it. Pages read
   * before must not be taken together with it, or a candle they lack would pass for a period without
   * trades.
   */
  #doubt(changed: readonly Interval[], since: number): void {
    for (const { from, to } of changed) {
      const first = this.geometry.pageOf(from);
      const last = this.geometry.pageOf(to - 1);
      if (!this.pages.allChangedAfter(since, first, last)) {
        this.pages.markPages(first, last, this.#counter.next());
      }
    }
  }

  #markPages(interval: Interval, stamp: number): void {
    const from = Math.max(interval.from, 0);
    const to = Math.min(interval.to, MAX_EPOCH_MS + 1);
    if (from >= to) return;
    this.pages.markPages(this.geometry.pageOf(from), this.geometry.pageOf(to - 1), stamp);
  }
}

function differences(a: Interval | undefined, b: Interval | undefined): Interval[] {
  const before = a === undefined ? [] : [a];
  const after = b === undefined ? [] : [b];
  return [...subtractIntervals(before, after), ...subtractIntervals(after, before)];
}
