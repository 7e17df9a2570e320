import {
  type EpochMs,
  type Interval,
  type Timeframe,
  type TimeframeGrid,
  timeframeGrid,
} from '@barkeep/core';

/** Consecutive pages by their numbers, both included; none when `last` is below `first`. */
export interface PageSpan {
  readonly first: number;
  readonly last: number;
}

/**
 * Where the pages of a timeframe lie: each holds the same number of consecutive periods, counted from
 * the timeframe's origin, so that every range shares them.
 */
export class PageGeometry {
  readonly grid: TimeframeGrid;
  readonly #periods: number;

  constructor(timeframe: Timeframe, periods: number) {
    this.grid = timeframeGrid(timeframe);
    this.#periods = periods;
  }

  /** The number of the page that holds an instant; consecutive pages differ by one. */
  pageOf(at: EpochMs): number {
    return Math.floor(this.grid.indexOf(at) / this.#periods);
  }

  /** The stretch from the beginning of one page to the end of another, or of the same. */
  stretchOf(first: number, last: number = first): Interval {
    return {
      from: this.grid.startOf(first * this.#periods),
      to: this.grid.startOf((last + 1) * this.#periods),
    };
  }

  /** The page of the first of so many periods, the last of which ends at an instant. */
  pageBefore(to: EpochMs, periods: number): number {
    return Math.floor((this.grid.indexOf(to) - periods) / this.#periods);
  }

  /** The page of the last of so many periods, the first of which starts at an instant. */
  pageAfter(from: EpochMs, periods: number): number {
    return Math.floor((this.grid.indexOf(from) + periods - 1) / this.#periods);
  }
}
