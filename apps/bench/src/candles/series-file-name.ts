import type { SeriesKey } from '@barkeep/core';

/** A file name for a series, whatever its symbol. */
export function seriesFileName({ symbol, timeframe }: SeriesKey): string {
  return `${encodeURIComponent(symbol)}.${timeframe}`;
}
