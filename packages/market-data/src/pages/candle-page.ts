import type { CandleSeries, EpochMs, Interval } from '@barkeep/core';
import type { SeriesState } from '../series/series-state.ts';

/** The candles of one page's stretch. */
export interface CandlePage {
  readonly candles: CandleSeries;
  /** The number of the last change before the page was read from the storage. */
  readonly stamp: number;
  /** The tier that had it. */
  readonly tier: string;
  /** Until when the cache keeps it; `-Infinity` when it came from elsewhere. */
  readonly cachedUntil: EpochMs;
}

/** One page of one series. */
export interface PageRequest {
  readonly series: SeriesState;
  readonly page: number;
}

/** The page's stretch of time. */
export function stretchOf({ series, page }: PageRequest): Interval {
  return series.geometry.stretchOf(page);
}

/** Whether a page read at this number still shows what is stored. */
export function isFresh({ series, page }: PageRequest, stamp: number): boolean {
  return stamp >= series.pages.changedAt(page);
}
