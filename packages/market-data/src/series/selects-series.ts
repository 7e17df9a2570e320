import type { SeriesKey } from '@barkeep/core';
import type { InvalidationSelector } from '../contract/market-data-service.ts';

/** Whether a series matches every field of a selector. */
export function selectsSeries(
  { symbol, symbolPrefix, timeframe, tags }: InvalidationSelector,
  key: SeriesKey,
  seriesTags: (key: SeriesKey) => readonly string[],
): boolean {
  return (
    (symbol === undefined || key.symbol === symbol) &&
    (symbolPrefix === undefined || key.symbol.startsWith(symbolPrefix)) &&
    (timeframe === undefined || key.timeframe === timeframe) &&
    (tags === undefined || seriesTags(key).some((tag) => tags.includes(tag)))
  );
}
