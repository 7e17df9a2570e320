import { type EpochMs, type MonotonicTime, type SeriesKey, seriesKeyText } from '@barkeep/core';
import { EVER, type FeedLagged, type SeriesChange } from '@barkeep/storage';
import type { InvalidationSelector } from '../contract/market-data-service.ts';
import type { LiveStreams } from './live-streams.ts';
import { PageGeometry } from './page-geometry.ts';
import { selectsSeries } from './selects-series.ts';
import { SeriesState } from './series-state.ts';

/** The least recently used go first; one that comes back starts without knowledge. */
const MAX_SERIES = 10_000;

/** What this process knows of each series, kept true by the storage's change feed. */
export class SeriesDirectory {
  readonly #pagePeriods: number;
  readonly #streams: LiveStreams;
  readonly #seriesTags: (key: SeriesKey) => readonly string[];
  readonly #time: MonotonicTime;
  readonly #series = new Map<string, SeriesState>();
  #latest: SeriesState | undefined;

  constructor(
    pagePeriods: number,
    streams: LiveStreams,
    seriesTags: (key: SeriesKey) => readonly string[],
    time: MonotonicTime,
  ) {
    this.#pagePeriods = pagePeriods;
    this.#streams = streams;
    this.#seriesTags = seriesTags;
    this.#time = time;
  }

  get size(): number {
    return this.#series.size;
  }

  of(key: SeriesKey): SeriesState {
    const latest = this.#latest;
    if (latest?.key.symbol === key.symbol && latest.key.timeframe === key.timeframe) return latest;
    const text = seriesKeyText(key);
    const known = this.#series.get(text);
    this.#series.delete(text);
    const state = known ?? this.#stateOf(key);
    this.#series.set(text, state);
    this.#latest = state;
    this.#keepBound();
    return state;
  }

  /** Takes in what the change feed reports at an instant. */
  changed(event: SeriesChange | FeedLagged, now: EpochMs): void {
    if (event.type === 'lagged') {
      for (const state of this.#series.values()) {
        state.changed();
        state.forgetFloor();
      }
      return;
    }
    const state = this.#series.get(seriesKeyText(event.key));
    if (state === undefined) return;
    state.changed();
    const { from, to } = event.interval;
    if (from === EVER.from && to === EVER.to) state.forget();
    // A floor that moves is announced from the lower of where it was and where it is.
    else if (state.floor !== undefined && from <= state.floor) state.forgetFloor();
    if (event.type === 'coverage') state.settling.remove([event.interval]);
    // Somebody has written the current candle: it need not be fetched.
    else if (to === state.grid.shift(now)) {
      state.currentSeen = { period: state.grid.floor(now), to, at: this.#time.now() };
    }
  }

  /** Coverage of a series is believed no more, or is again. */
  coverageDoubted(key: SeriesKey): void {
    this.#series.get(seriesKeyText(key))?.changed();
  }

  liveChanged(key: SeriesKey): void {
    this.#series.get(seriesKeyText(key))?.touched();
  }

  allLiveChanged(): void {
    for (const state of this.#series.values()) state.touched();
  }

  keys(): SeriesKey[] {
    return Array.from(this.#series.values(), ({ key }) => key);
  }

  forget(selector: InvalidationSelector): void {
    for (const state of this.#series.values()) {
      if (selectsSeries(selector, state.key, this.#seriesTags)) state.forget();
    }
  }

  #stateOf(key: SeriesKey): SeriesState {
    const geometry = new PageGeometry(key.timeframe, this.#pagePeriods);
    return new SeriesState(key, geometry, this.#streams, this.#time);
  }

  #keepBound(): void {
    if (this.#series.size <= MAX_SERIES) return;
    const [oldest] = this.#series.values();
    if (oldest === undefined) return;
    this.#series.delete(oldest.text);
    oldest.retire();
  }
}
