import type { EpochMs } from './epoch-ms.ts';

/** What happened to a price within one period of a timeframe. */
export interface Candle {
  /** The period's start: aligned to the timeframe. */
  readonly timestamp: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Traded amount in the base currency; not negative. */
  readonly volume: number;
}
