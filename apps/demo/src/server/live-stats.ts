import type { IMarketDataService } from '@barkeep/market-data';
import type { LiveStats } from './wire.ts';

/** The figures below the chart. */
export async function readLiveStats(service: IMarketDataService): Promise<LiveStats> {
  const { storage, cache } = await service.stats();
  const { candles, bytes } = storage.size;
  const reads = (cache?.hits ?? 0) + (cache?.misses ?? 0);
  return { candles, bytes, ...(reads > 0 && { cacheHitRate: cache?.hitRate }) };
}
