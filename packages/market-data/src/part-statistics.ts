import type { IDataCache } from '@barkeep/cache';
import { type BarkeepError, type CallOptions, throwIfAborted } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { MarketDataStatistics, PartName } from './contract/market-data-statistics.ts';
import { asBarkeepError } from './fetching/as-barkeep-error.ts';

export interface StatisticsParts {
  readonly storage: IMarketDataStorage;
  readonly realtime: IRealtimeCache;
  readonly cache: IDataCache | undefined;
  readonly diskCache: IDataCache | undefined;
}

/** The figures of every adapter that can give them, and why others could not. */
export async function partStatistics(
  { storage, realtime, cache, diskCache }: StatisticsParts,
  options: CallOptions,
): Promise<Pick<MarketDataStatistics, PartName | 'failed'>> {
  const failed: Partial<Record<PartName, BarkeepError>> = {};
  const ask = async <T>(
    name: PartName,
    part: { stats(options: CallOptions): Promise<T> } | undefined,
  ): Promise<T | undefined> => {
    try {
      return await part?.stats(options);
    } catch (error) {
      throwIfAborted(options.signal);
      failed[name] = asBarkeepError(error, `${name} failed unexpectedly`);
      return undefined;
    }
  };
  const [ofStorage, ofRealtime, ofCache, ofDiskCache] = await Promise.all([
    ask('storage', storage),
    ask('realtime', realtime),
    ask('cache', cache),
    ask('diskCache', diskCache),
  ]);
  return {
    storage: ofStorage,
    realtime: ofRealtime,
    cache: ofCache,
    diskCache: ofDiskCache,
    failed,
  };
}
