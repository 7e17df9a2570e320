import {
  type EpochMs,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  normalizeIntervals,
  subtractIntervals,
  unionIntervals,
} from '@barkeep/core';
import type { StoredCandles } from '../answers/candle-reader.ts';
import type { FetchingSettings } from '../check-config.ts';
import type { CandleAsk } from '../series/candle-ask.ts';
import { unsettledStretch } from '../series/unsettled-stretch.ts';
import { takePeriods } from './take-periods.ts';

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
  readonly #ask: CandleAsk;
  readonly #settings: FetchingSettings;
  #asked: IntervalSet = [];
  #round = 0;

  constructor(ask: CandleAsk, settings: FetchingSettings) {
    this.#ask = ask;
    this.#settings = settings;
  }

  /** Whether it went beyond the periods that the limit stands for. */
  get wentFurther(): boolean {
    return this.#round > 1;
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
    const { currentSeenAt, noEarlierUntil } = this.#ask.series;
    const { currentMaxAgeMs } = this.#settings;
    return Math.min(
      this.#wasCurrentSeen(now) ? currentSeenAt + currentMaxAgeMs : Number.POSITIVE_INFINITY,
      now < noEarlierUntil ? noEarlierUntil : Number.POSITIVE_INFINITY,
    );
  }

  #selected(fetchable: IntervalSet, now: EpochMs): IntervalSet {
    const { limit, take, series } = this.#ask;
    if (limit === Number.POSITIVE_INFINITY) return fetchable;
    if (this.#round > 0)
      return takePeriods(fetchable, limit * 2 ** (this.#round - 1), take, series.grid);
    const { from, to } = this.#ask.range;
    const end = Math.min(to, this.#unsettled(now).to);
    const nearest = takePeriods(normalizeIntervals([{ from, to: end }]), limit, take, series.grid);
    return intersectIntervals(fetchable, nearest);
  }

  /** What the ask lacks, the coordinator could have, and this search has not asked for yet. */
  #fetchable(stored: StoredCandles, now: EpochMs): IntervalSet {
    const range = normalizeIntervals([this.#searched(stored, now)]);
    const lacking = subtractIntervals(
      subtractIntervals(range, stored.snapshot.covered),
      this.#asked,
    );
    return this.#currentIsFresh(now) ? subtractIntervals(lacking, [this.#unsettled(now)]) : lacking;
  }

  #searched(stored: StoredCandles, now: EpochMs): Interval {
    const { limit, take, range, series } = this.#ask;
    const from = Math.max(range.from, this.#earliest(stored, now));
    const to = Math.min(range.to, this.#unsettled(now).to);
    const { candles } = stored;
    if (candles.length < limit) return { from, to };
    return take === 'last'
      ? { from: Math.max(from, candles.firstTimestamp), to }
      : { from, to: Math.min(to, series.grid.shift(candles.lastTimestamp)) };
  }

  #earliest(stored: StoredCandles, now: EpochMs): EpochMs {
    const { series, hasFrom, limit, take } = this.#ask;
    const historyStart = series.grid.floor(series.notes?.historyStart ?? 0);
    if (hasFrom) return historyStart;
    const looksBack = take === 'last' && limit !== Number.POSITIVE_INFINITY;
    if (looksBack && now >= series.noEarlierUntil) return historyStart;
    return Math.max(historyStart, stored.snapshot.start ?? Number.POSITIVE_INFINITY);
  }

  #currentIsFresh(now: EpochMs): boolean {
    const { liveSince = Number.POSITIVE_INFINITY } = this.#ask.series;
    return liveSince <= this.#unsettled(now).from || this.#wasCurrentSeen(now);
  }

  #wasCurrentSeen(now: EpochMs): boolean {
    const { grid, currentSeenAt } = this.#ask.series;
    return currentSeenAt >= grid.floor(now) && now - currentSeenAt < this.#settings.currentMaxAgeMs;
  }

  #unsettled(now: EpochMs): Interval {
    return unsettledStretch(this.#ask.series, now, this.#settings.closeGraceMs);
  }
}
