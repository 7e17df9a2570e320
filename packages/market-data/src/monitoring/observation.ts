import type { EpochMs, TradingCalendar } from '@barkeep/core';
import type { MarketDataStatistics } from '../contract/market-data-statistics.ts';

/** What alerts are judged by, at one instant. */
export interface Observation
  extends Pick<
    MarketDataStatistics,
    'candles' | 'coordinator' | 'router' | 'activity' | 'storage' | 'growth' | 'maintenance'
  > {
  readonly at: EpochMs;
  /** `undefined`: the markets always trade. */
  readonly calendar: TradingCalendar | undefined;
}
