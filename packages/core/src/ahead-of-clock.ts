import type { EpochMs } from './epoch-ms.ts';
import { type Timeframe, timeframeGrid } from './timeframe.ts';

/**
 * The rule that an instant too far ahead of the clock breaks, in words; `undefined` when it breaks none.
 * With a timeframe the instant is a candle's, which may lie one period further ahead.
 */
export function aheadOfClockFault(
  instant: EpochMs,
  now: EpochMs,
  maxAheadMs: number,
  timeframe?: Timeframe,
): string | undefined {
  const latest = now + maxAheadMs;
  if (instant <= (timeframe === undefined ? latest : timeframeGrid(timeframe).shift(latest))) {
    return undefined;
  }
  const more = timeframe === undefined ? '' : ` and a period of ${timeframe}`;
  return `must be at most ${maxAheadMs} ms${more} ahead of the clock, which is at ${now}`;
}
