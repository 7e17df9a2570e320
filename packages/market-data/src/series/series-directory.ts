import { type EpochMs, type MonotonicTime, type SeriesKey, seriesKeyText } from '@barkeep/core';
import type { ChangeEvent } from '@barkeep/storage';
import type { LiveStreams } from '../live/live-streams.ts';
import type { InvalidationSelector } from '../market-data-service.ts';
import { PageGeometry } from '../pages/page-geometry.ts';
import { ChangeCounter } from './change-counter.ts';
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
  readonly #counter = new ChangeCounter();
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

  /** Takes in what the change feed tells at an instant. */
  changed(event: ChangeEvent, now: EpochMs): void {
    if (event.type === 'lagged') {
      this.forget({});
      return;
    }
    const state = this.#series.get(seriesKeyText(event.key));
    if (state === undefined) return;
    if (event.type === 'coverage') {
      state.coverageChanged();
      state.settling.remove([event.interval]);
      return;
    }
    state.candlesChanged(event.interval);
    const period = state.grid.floor(now);
    const { to } = event.interval;
    if (to > period) state.currentSeen = { period, to, at: this.#time.now() };
  }

  liveChanged(key: SeriesKey): void {
    this.#series.get(seriesKeyText(key))?.liveChanged();
  }

  allLiveChanged(): void {
    for (const state of this.#series.values()) state.liveChanged();
  }

  keys(): SeriesKey[] {
    return Array.from(this.#series.values(), ({ key }) => key);
  }

  forget(selector: InvalidationSelector): void {
    const { range } = selector;
    for (const state of this.#series.values()) {
      if (!selectsSeries(selector, state.key, this.#seriesTags)) continue;
      if (range === undefined) state.everythingChanged();
      else {
        state.candlesChanged(range);
        state.coverageChanged();
      }
    }
  }

  #stateOf(key: SeriesKey): SeriesState {
    const geometry = new PageGeometry(key.timeframe, this.#pagePeriods);
    return new SeriesState(key, geometry, this.#counter, this.#streams, this.#time);
  }

  #keepBound(): void {
    if (this.#series.size <= MAX_SERIES) return;
    const [oldest] = this.#series.values();
    if (oldest === undefined) return;
    this.#series.delete(oldest.text);
    oldest.retire();
  }
}
