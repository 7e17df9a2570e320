import { type CandleColumn, COLUMN_NAMES } from '@barkeep/core';

/** The number of each column in a segment's directory. One that was given never changes. */
export const COLUMN_IDS: Readonly<Record<CandleColumn, number>> = Object.freeze({
  timestamp: 0,
  open: 1,
  high: 2,
  low: 3,
  close: 4,
  volume: 5,
  quoteVolume: 6,
  tradeCount: 7,
  takerBuyVolume: 8,
  vwap: 9,
  openInterest: 10,
});

const names: CandleColumn[] = [];
for (const name of COLUMN_NAMES) names[COLUMN_IDS[name]] = name;

/** The column of a number; `undefined` when this version knows none. */
export function columnOf(id: number): CandleColumn | undefined {
  return names[id];
}
