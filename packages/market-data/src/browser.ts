/** The package as browsers load it: the same functions over the adapters that browsers can have. */

import type { IDataCache } from '@barkeep/cache';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import { browserAdapters } from './adapters/browser-adapters.ts';
import {
  type OpenAdapterOptions,
  type OpenRealtimeOptions,
  openAdapter,
} from './adapters/open-adapter.ts';
import { composeMarketData } from './compose-market-data.ts';
import type { MarketDataConfig } from './config/market-data-config.ts';
import type { IMarketDataService } from './contract/market-data-service.ts';

export { BarkeepError, CandleSeries } from '@barkeep/core';
export type * from './public-types.ts';

export function createMarketData(config: MarketDataConfig): Promise<IMarketDataService> {
  return composeMarketData(config, browserAdapters);
}

export function openStorage(
  url: string,
  options?: OpenAdapterOptions,
): Promise<IMarketDataStorage> {
  return openAdapter(url, browserAdapters, ({ storage }) => storage, options);
}

export function openCache(url: string, options?: OpenAdapterOptions): Promise<IDataCache> {
  return openAdapter(url, browserAdapters, ({ cache }) => cache, options);
}

export function openRealtime(url: string, options?: OpenRealtimeOptions): Promise<IRealtimeCache> {
  return openAdapter(url, browserAdapters, ({ realtime }) => realtime, options);
}
