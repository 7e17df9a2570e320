import {
  CandleSeries,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  type MonotonicTime,
  normalizeIntervals,
  subtractIntervals,
  unionIntervals,
} from '@barkeep/core';

/** What is stored of a stretch: every candle there is. */
export interface ShownCandles {
  readonly candles: CandleSeries;
  readonly range: Interval;
}

interface Settling {
  readonly intervals: IntervalSet;
  readonly candles: CandleSeries;
  readonly settlesAt: number;
}

/**
 * Periods of one series that were delivered so soon after their end that the source may correct them:
 * provisional. Until they have settled they are neither missing nor final; afterwards they are missing,
 * and the next delivery of them is final. Only this process knows of them.
 */
export class SettlingPeriods {
  readonly #time: MonotonicTime;
  #deliveries: readonly Settling[] = [];

  constructor(time: MonotonicTime) {
    this.#time = time;
  }

  /**
   * @param settlesAt In monotonic time.
   * @param candles What was stored of the periods, and perhaps of others.
   */
  add(intervals: IntervalSet, settlesAt: number, candles: CandleSeries): void {
    this.remove(intervals);
    if (intervals.length === 0) return;
    const added = { intervals, candles: within(candles, intervals), settlesAt };
    const together = this.#deliveries.find((one) => one.settlesAt === settlesAt);
    const others = this.#deliveries.filter((one) => one !== together);
    this.#deliveries = [...others, together === undefined ? added : joined(together, added)];
  }

  remove(intervals: IntervalSet): void {
    if (this.#deliveries.length === 0) return;
    const now = this.#time.now();
    this.#deliveries = this.#deliveries
      .map((one) => ({ ...one, intervals: subtractIntervals(one.intervals, intervals) }))
      .filter((one) => one.settlesAt > now && one.intervals.length > 0);
  }

  /**
   * The provisional periods. With the stored candles of a stretch, those deliveries count that it still
   * shows as they came: what somebody else has removed or replaced since is missing.
   */
  covered(shown?: ShownCandles): IntervalSet {
    if (this.#deliveries.length === 0) return [];
    const now = this.#time.now();
    return normalizeIntervals(
      this.#deliveries
        .filter((one) => one.settlesAt > now && (shown === undefined || showsAll(shown, one)))
        .flatMap(({ intervals }) => intervals),
    );
  }

  /** How long until the next of them have settled, in milliseconds; `Infinity` when there are none. */
  get settlesInMs(): number {
    if (this.#deliveries.length === 0) return Number.POSITIVE_INFINITY;
    const now = this.#time.now();
    const due = this.#deliveries.map(({ settlesAt }) => settlesAt - now).filter((ms) => ms > 0);
    return Math.min(...due);
  }

  clear(): void {
    this.#deliveries = [];
  }
}

function showsAll({ candles, range }: ShownCandles, delivery: Settling): boolean {
  return intersectIntervals(delivery.intervals, normalizeIntervals([range])).every(({ from, to }) =>
    candles.between(from, to).equals(delivery.candles.between(from, to)),
  );
}

function joined(one: Settling, other: Settling): Settling {
  return {
    intervals: unionIntervals(one.intervals, other.intervals),
    candles: CandleSeries.merge(one.candles, other.candles),
    settlesAt: one.settlesAt,
  };
}

/** A copy: what was delivered besides is not kept in memory. */
function within(candles: CandleSeries, intervals: IntervalSet): CandleSeries {
  const parts = intervals.map(({ from, to }) => candles.between(from, to));
  return CandleSeries.concat(candles.key, parts).copy();
}
