import {
  type EpochMs,
  type IntervalSet,
  type MonotonicTime,
  type SeriesKey,
  seriesKeyText,
  type TimeframeGrid,
} from '@barkeep/core';
import type { KnownSnapshot } from './known-snapshot.ts';
import type { LiveStreams } from './live-streams.ts';
import type { PageGeometry } from './page-geometry.ts';
import type { SeriesNotes } from './series-notes-store.ts';
import { SettlingPeriods } from './settling-periods.ts';
import { SpoiledPeriods } from './spoiled-periods.ts';

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
  /** The first candle that was known then: with an earlier one it is worth another try. */
  readonly firstCandle: EpochMs | undefined;
  /** When it is worth another try at any rate, in monotonic time. */
  readonly until: number;
}

/** What this process knows of one series besides its candles. */
export class SeriesState {
  readonly key: SeriesKey;
  readonly text: string;
  readonly geometry: PageGeometry;
  /** What was delivered too soon after its end to be final. */
  readonly settling: SettlingPeriods;
  /** Whose candles were delivered and broke a rule. */
  readonly spoiled: SpoiledPeriods;
  /** When the current period was last fetched or written. */
  currentSeen: CurrentSight | undefined;
  vainSearch: VainSearch | undefined;
  readonly #streams: LiveStreams;
  #notes: SeriesNotes | undefined;
  #floor: EpochMs | undefined;
  #snapshot: KnownSnapshot | undefined;
  #changes = 0;
  #touches = 0;
  #isRetired = false;

  constructor(key: SeriesKey, geometry: PageGeometry, streams: LiveStreams, time: MonotonicTime) {
    this.key = { symbol: key.symbol, timeframe: key.timeframe };
    this.text = seriesKeyText(key);
    this.geometry = geometry;
    this.settling = new SettlingPeriods(time);
    this.spoiled = new SpoiledPeriods(time);
    this.#streams = streams;
  }

  get grid(): TimeframeGrid {
    return this.geometry.grid;
  }

  get notes(): SeriesNotes | undefined {
    return this.#notes;
  }

  set notes(notes: SeriesNotes | undefined) {
    this.#notes = notes;
    this.#touches += 1;
  }

  /**
   * Where retention lets it begin: what lies before is not missing. `-Infinity` when there is no such
   * floor; `undefined` while that is not known.
   */
  get floor(): EpochMs | undefined {
    return this.#floor;
  }

  set floor(floor: EpochMs | undefined) {
    if (floor !== this.#floor) this.#touches += 1;
    this.#floor = floor;
  }

  /** The latest snapshot, as long as no change of the series has been heard of since it was asked for. */
  get snapshot(): KnownSnapshot | undefined {
    return this.#snapshot;
  }

  /** Whether its changes are no longer heard of: the directory has another one by now, or none. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** How many changes of what is stored have been heard of: for readings that begin now. */
  get changes(): number {
    return this.#changes;
  }

  /** How often something changed that answers show besides what is stored. */
  get touches(): number {
    return this.#touches;
  }

  /** Coverage that is not believed, though the storage may still say so. */
  get withdrawn(): IntervalSet {
    return this.#streams.withdrawn(this.text);
  }

  /** From which period on every candle comes through the router; `undefined` when that is not so. */
  get liveSince(): EpochMs | undefined {
    return this.#streams.since(this.text);
  }

  /**
   * Keeps a snapshot that was asked for when this many changes had been heard of, unless there have been
   * more. Returns the one of the same state that is kept, or else the given one.
   */
  learn(snapshot: KnownSnapshot, changes: number): KnownSnapshot {
    if (changes !== this.#changes || this.#isRetired) return snapshot;
    const kept = this.#snapshot;
    if (kept?.absorb(snapshot) === true) return kept;
    // One that knows other pages is of use to others, as long as nothing contradicts it.
    if (kept?.agreesWith(snapshot) !== true) this.#snapshot = snapshot;
    return snapshot;
  }

  /** What is stored has changed, or may have. */
  changed(): void {
    this.#snapshot = undefined;
    this.#changes += 1;
  }

  /** The floor has moved, or may have: with a lower one, a search further back is worth another try. */
  forgetFloor(): void {
    this.floor = undefined;
    this.vainSearch = undefined;
  }

  /** What answers show besides what is stored has changed: the router's candles, notes. */
  touched(): void {
    this.#touches += 1;
  }

  /** Forgets all that is known of it. */
  forget(): void {
    this.changed();
    this.touched();
    this.notes = undefined;
    this.forgetFloor();
    this.settling.clear();
    this.spoiled.clear();
    this.currentSeen = undefined;
  }

  /** Changes will no longer be heard of: nothing is kept from now on. */
  retire(): void {
    this.forget();
    this.#isRetired = true;
  }
}
