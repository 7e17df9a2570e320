import { OPTIONAL_COLUMNS, type OptionalColumn } from '@barkeep/core';
import { COLUMN_IDS } from '@barkeep/segment-codec';

/** A column of `wide_candle_rows`, and the schema version that it came with. */
export interface WideColumn {
  readonly name: string;
  readonly version: number;
}

/** Where rows keep each optional column: the engine's one list of them. A new one takes the next version. */
export const WIDE_COLUMNS: Readonly<Record<OptionalColumn, WideColumn>> = Object.freeze({
  quoteVolume: { name: 'quote_volume', version: 1 },
  tradeCount: { name: 'trade_count', version: 1 },
  takerBuyVolume: { name: 'taker_buy_volume', version: 1 },
  vwap: { name: 'vwap', version: 1 },
  openInterest: { name: 'open_interest', version: 1 },
});

const NO_COLUMNS: readonly OptionalColumn[] = Object.freeze([]);

/** Optional columns as one number: a bit for each, at its id in a segment. */
export function columnBits(columns: readonly OptionalColumn[]): number {
  return columns.reduce((bits, name) => bits + 2 ** COLUMN_IDS[name], 0);
}

export function columnsOfBits(bits: number): readonly OptionalColumn[] {
  if (bits === 0) return NO_COLUMNS;
  return OPTIONAL_COLUMNS.filter((name) => Math.floor(bits / 2 ** COLUMN_IDS[name]) % 2 === 1);
}
