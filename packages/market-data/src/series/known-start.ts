import type { EpochMs } from '@barkeep/core';
import type { Ledger, SeriesState } from './series-state.ts';

/** Where the first candle or covered period of a series is; `undefined` when there is neither. */
export function knownStart({ extent }: SeriesState, { covered }: Ledger): EpochMs | undefined {
  const [first] = covered;
  if (extent === undefined || first === undefined) return extent?.from ?? first?.from;
  return Math.min(extent.from, first.from);
}
