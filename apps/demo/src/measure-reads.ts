import type { SeriesKey } from '@barkeep/core';
import type { IMarketDataService } from '@barkeep/market-data';

export const CANDLES_PER_READ = 1_000;

/** How reading the latest candles went: once from the database, and once more. */
export interface ReadSample {
  readonly reads: number;
  readonly firstMs: number;
  readonly secondMs: number;
  /** Page reads that the cache answered, as a share of all page reads of this sample. */
  readonly cacheHitRate: number;
}

/** Reads the latest thousand candles of each series twice; times are means per read. */
export async function measureReads(
  service: IMarketDataService,
  keys: readonly SeriesKey[],
): Promise<ReadSample> {
  await service.invalidate();
  const before = await cacheReads(service);
  const firstMs = await timeReads(service, keys);
  const secondMs = await timeReads(service, keys);
  const after = await cacheReads(service);
  const hits = after.hits - before.hits;
  const misses = after.misses - before.misses;
  const cacheHitRate = hits + misses === 0 ? 0 : hits / (hits + misses);
  return { reads: keys.length * 2, firstMs, secondMs, cacheHitRate };
}

async function timeReads(service: IMarketDataService, keys: readonly SeriesKey[]): Promise<number> {
  const start = performance.now();
  for (const key of keys) {
    await service.getCandles({ ...key, limit: CANDLES_PER_READ }, { fetchMissing: false });
  }
  return (performance.now() - start) / keys.length;
}

async function cacheReads(
  service: IMarketDataService,
): Promise<{ readonly hits: number; readonly misses: number }> {
  const { cache } = await service.stats();
  return { hits: cache?.hits ?? 0, misses: cache?.misses ?? 0 };
}
