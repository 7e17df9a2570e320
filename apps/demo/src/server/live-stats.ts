import type { EpochMs } from '@barkeep/core';
import type { IMarketDataService, RouterStatistics } from '@barkeep/market-data';
import type { ExchangeStats, LiveStats } from './wire.ts';

/** The figures below the chart, and how the exchange stands. */
export async function readLiveStats(
  service: IMarketDataService,
  cutUntil: EpochMs | undefined,
): Promise<LiveStats> {
  const { storage, cache, router } = await service.stats();
  const reads = (cache?.hits ?? 0) + (cache?.misses ?? 0);
  return {
    ...(storage !== undefined && { candles: storage.size.candles, bytes: storage.size.bytes }),
    ...(reads > 0 && { cacheHitRate: cache?.hitRate }),
    ...(router !== undefined && { exchange: { ...exchangeStats(router), cutUntil } }),
  };
}

function exchangeStats({ connection, events, candles, realtime }: RouterStatistics): ExchangeStats {
  return {
    ...connection,
    messages: events,
    repeatedTrades: realtime?.duplicates ?? 0,
    passedOver: (candles?.repeated ?? 0) + (candles?.outdated ?? 0),
    madeUp: candles?.madeUp ?? 0,
    failures: (candles?.failures ?? 0) + (realtime?.failures ?? 0),
  };
}
