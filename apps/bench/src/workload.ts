import type { CandleSeries } from '@barkeep/core';
import type { FilledStores } from './candles/filled-stores.ts';

/** What the cases run on: the same for all contenders. */
export interface Workload {
  /** The candles that are written and read. */
  readonly series: CandleSeries;
  /** How many series the cases of many series have. */
  readonly seriesCount: number;
  /** How many candles the growing store ends with, at least those of `series`. */
  readonly growth: number;
  /** How many reads, and how many writes, one sample of a realtime or cache case makes. */
  readonly operations: number;
  /** Stores on disk that already hold the candles. */
  readonly filled: FilledStores;
  /** Where files go. Removed after the run. */
  readonly directory: string;
}
