import type { CandleSeries, EpochMs, Interval } from '@barkeep/core';
import type { SeriesState } from '../series/series-state.ts';

/** The candles of one page's stretch. */
export interface CandlePage {
  readonly candles: CandleSeries;
  /** Of the stored candles that it shows. */
  readonly revision: string;
  /** The tier that had it. */
  readonly tier: string;
  /** Until when the cache keeps it; `-Infinity` when it came from elsewhere. */
  readonly cachedUntil: EpochMs;
}

/** One page of one series. */
export interface PageRequest {
  readonly series: SeriesState;
  readonly page: number;
  /** The revision it must have; `undefined` when that is not known yet, and any will do. */
  readonly revision: string | undefined;
}

/** A page to keep. */
export interface FoundPage extends PageRequest {
  readonly candles: CandleSeries;
  readonly revision: string;
  /** Whether it is covered to its end: only a correction will change it. */
  readonly isSettled: boolean;
}

/** The page's stretch of time. */
export function stretchOf({ series, page }: Pick<PageRequest, 'series' | 'page'>): Interval {
  return series.geometry.stretchOf(page);
}
