import {
  type EpochMs,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  type MonotonicTime,
  normalizeIntervals,
  subtractIntervals,
  unionIntervals,
} from '@barkeep/core';
import type { FetchingSettings } from '../config/check-config.ts';
import { takePeriods } from '../fetching/take-periods.ts';
import type { AlignedQuery } from '../series/aligned-query.ts';
import { historyStartOf } from '../series/history-start.ts';
import { unsettledStretch } from '../series/unsettled-stretch.ts';
import type { StoredCandles } from './candle-reader.ts';
import { coveredBy } from './covered-by.ts';

/** A search that found nothing further back is not made again for this long, unless it goes further. */
const IN_VAIN_MS = 3_600_000;

/**
 * Decides, round by round, which stretches to fetch for one ask.
 *
 * Without a limit that is everything missing from its range: one round, unless others make an earlier
 * start of the series known meanwhile. With a limit it is first what is missing from as many periods
 * as candles are wanted: enough when there is a candle in each. Where that leaves too few, as many
 * missing periods further on, then twice as many, and so on, up to `maxSearchRounds`. No period is
 * asked for twice.
 */
export class MissingSearch {
  readonly #wanted: AlignedQuery;
  readonly #settings: FetchingSettings;
  readonly #time: MonotonicTime;
  #asked: IntervalSet = [];
  #round = 0;

  constructor(wanted: AlignedQuery, settings: FetchingSettings, time: MonotonicTime) {
    this.#wanted = wanted;
    this.#settings = settings;
    this.#time = time;
  }

  /** All that was to be fetched so far. */
  get asked(): IntervalSet {
    return this.#asked;
  }

  /** The stretches to fetch next; none when the search is over. */
  next(stored: StoredCandles, now: EpochMs): IntervalSet {
    while (this.#round < this.#settings.maxSearchRounds) {
      const fetchable = this.#fetchable(stored, now);
      if (fetchable.length === 0) return [];
      const wanted = this.#selected(fetchable, now);
      this.#round += 1;
      if (wanted.length === 0) continue;
      this.#asked = unionIntervals(this.#asked, wanted);
      return wanted;
    }
    return [];
  }

  /**
   * Until when a search that finds nothing to fetch at an instant finds nothing, unless a change or
   * another period comes first.
   */
  idleUntil(now: EpochMs): EpochMs {
    const { currentSeen, vainSearch } = this.#wanted.series;
    const steady = this.#time.now();
    const seenUntil = (currentSeen?.at ?? 0) + this.#settings.currentMaxAgeMs;
    const vainUntil = vainSearch?.until ?? 0;
    return Math.min(
      this.#wasCurrentSeen(now) ? now + (seenUntil - steady) : Number.POSITIVE_INFINITY,
      vainUntil > steady ? now + (vainUntil - steady) : Number.POSITIVE_INFINITY,
    );
  }

  /** Remembers how far back it went, where it was a search for earlier candles that found none. */
  noteIfVain(before: StoredCandles, after: StoredCandles): void {
    const { hasFrom, take, limit, series } = this.#wanted;
    const [first] = this.#asked;
    if (this.#round < 2 || first === undefined || hasFrom || take === 'first') return;
    const { candles } = after;
    if (candles.length >= limit) return;
    if (candles.length > 0 && candles.firstTimestamp !== before.candles.firstTimestamp) return;
    const from = Math.min(first.from, this.#vainFrom(after) ?? first.from);
    const firstCandle = after.snapshot.extent?.from;
    series.vainSearch = { from, firstCandle, until: this.#time.now() + IN_VAIN_MS };
  }

  #selected(fetchable: IntervalSet, now: EpochMs): IntervalSet {
    const { limit, take, series } = this.#wanted;
    if (limit === Number.POSITIVE_INFINITY) return fetchable;
    if (this.#round > 0)
      return takePeriods(fetchable, limit * 2 ** (this.#round - 1), take, series.grid);
    const { from, to } = this.#wanted.range;
    const end = Math.min(to, this.#unsettled(now).to);
    const nearest = takePeriods(normalizeIntervals([{ from, to: end }]), limit, take, series.grid);
    return intersectIntervals(fetchable, nearest);
  }

  /** What the ask lacks, the coordinator could have, and this search has not asked for yet. */
  #fetchable(stored: StoredCandles, now: EpochMs): IntervalSet {
    const range = normalizeIntervals([this.#searched(stored, now)]);
    const lacking = subtractIntervals(subtractIntervals(range, coveredBy(stored)), this.#asked);
    return subtractIntervals(lacking, this.#fresh(now));
  }

  #searched(stored: StoredCandles, now: EpochMs): Interval {
    const { limit, take, range, series } = this.#wanted;
    const from = Math.max(range.from, this.#earliest(stored, now));
    const to = Math.min(range.to, this.#unsettled(now).to);
    const { candles } = stored;
    if (candles.length < limit) return { from, to };
    return take === 'last'
      ? { from: Math.max(from, candles.firstTimestamp), to }
      : { from, to: Math.min(to, series.grid.shift(candles.lastTimestamp)) };
  }

  #earliest(stored: StoredCandles, now: EpochMs): EpochMs {
    const { series, hasFrom, limit, take } = this.#wanted;
    const noted = historyStartOf(series, stored.snapshot.extent, now);
    const begin =
      noted === undefined ? stored.floor : Math.max(series.grid.floor(noted), stored.floor);
    if (hasFrom) return begin;
    const known = stored.snapshot.start ?? Number.POSITIVE_INFINITY;
    if (take === 'first' || limit === Number.POSITIVE_INFINITY) return Math.max(begin, known);
    const vainFrom = this.#vainFrom(stored);
    if (vainFrom === undefined) return begin;
    const farthest = this.#farthest(now);
    return Math.max(begin, farthest < vainFrom ? farthest : known);
  }

  /** How far back a search in vain went, while it is remembered. */
  #vainFrom({ snapshot }: StoredCandles): EpochMs | undefined {
    const { vainSearch } = this.#wanted.series;
    if (vainSearch === undefined || this.#time.now() >= vainSearch.until) return undefined;
    return vainSearch.firstCandle === snapshot.extent?.from ? vainSearch.from : undefined;
  }

  /** How far back a search for so many candles goes by itself, all rounds together. */
  #farthest(now: EpochMs): EpochMs {
    const { limit, range, series } = this.#wanted;
    const { grid } = series;
    const end = grid.indexOf(Math.min(range.to, this.#unsettled(now).to));
    const periods = limit * 2 ** (this.#settings.maxSearchRounds - 1);
    return grid.startOf(Math.max(grid.indexOf(range.from), end - periods));
  }

  /** What of the periods that are not final yet need not be fetched now. */
  #fresh(now: EpochMs): IntervalSet {
    const { liveSince = Number.POSITIVE_INFINITY, currentSeen } = this.#wanted.series;
    const { from, to } = this.#unsettled(now);
    if (liveSince <= from) return [{ from, to }];
    if (currentSeen === undefined || !this.#wasCurrentSeen(now)) return [];
    return normalizeIntervals([{ from, to: Math.min(to, currentSeen.to) }]);
  }

  #wasCurrentSeen(now: EpochMs): boolean {
    const { grid, currentSeen } = this.#wanted.series;
    return (
      currentSeen !== undefined &&
      currentSeen.period === grid.floor(now) &&
      this.#time.now() - currentSeen.at < this.#settings.currentMaxAgeMs
    );
  }

  #unsettled(now: EpochMs): Interval {
    return unsettledStretch(this.#wanted.series, now, this.#settings.closeGraceMs);
  }
}
