import { OPTIONAL_COLUMNS, type OptionalColumn } from '@barkeep/core';
import { COLUMN_IDS } from '@barkeep/segment-codec';

/** What each optional column is called in `wide_candle_rows`: the engine's one list of them. */
export const WIDE_COLUMNS: Readonly<Record<OptionalColumn, string>> = Object.freeze({
  quoteVolume: 'quote_volume',
  tradeCount: 'trade_count',
  takerBuyVolume: 'taker_buy_volume',
  vwap: 'vwap',
  openInterest: 'open_interest',
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
