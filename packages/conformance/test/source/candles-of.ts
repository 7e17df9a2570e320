import type { Candle } from '@barkeep/core';
import type { CandleDelivery } from '@barkeep/source';

/** The candles of a delivery of the coordinator in memory: objects. */
export function candlesOf({ candles }: CandleDelivery): readonly Candle[] {
  if (Array.isArray(candles)) return candles;
  throw new TypeError('the coordinator in memory delivers candle objects');
}
