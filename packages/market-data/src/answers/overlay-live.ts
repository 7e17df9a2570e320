import { CandleSeries, type IntervalSet, intervalsContain } from '@barkeep/core';
import type { LiveCandle } from '@barkeep/source';
import type { AlignedQuery } from '../series/aligned-query.ts';
import type { FoundCandles } from './page-walk.ts';

/** What was found, with the router's candles in place of those that are not final. */
export function overlayLive(
  found: FoundCandles,
  live: readonly LiveCandle[],
  { series, limit, take }: AlignedQuery,
  covered: IntervalSet,
): FoundCandles {
  const open = live
    .map(({ candle }) => candle)
    .filter(({ timestamp }) => {
      return !intervalsContain(covered, { from: timestamp, to: series.grid.shift(timestamp) });
    });
  const [first] = open;
  if (first === undefined) return found;
  const merged = CandleSeries.merge(found.candles, CandleSeries.from(series.key, open));
  const surplus = Math.max(0, merged.length - limit);
  const candles =
    take === 'last' ? merged.slice(surplus) : merged.slice(0, merged.length - surplus);
  const timestamps = new Set(open.map(({ timestamp }) => timestamp));
  const router = candles
    .between(first.timestamp, Number.POSITIVE_INFINITY)
    .timestamp.reduce((count, timestamp) => count + (timestamps.has(timestamp) ? 1 : 0), 0);
  const { cachedUntil } = found;
  return { candles, cachedUntil, byTier: new Map([...found.byTier, ['router', router]]) };
}
