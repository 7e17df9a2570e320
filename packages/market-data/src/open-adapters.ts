import type { IDataCache } from '@barkeep/cache';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import { nodeAdapters } from './adapters/node-adapters.ts';
import {
  type OpenAdapterOptions,
  type OpenRealtimeOptions,
  openAdapter,
} from './adapters/open-adapter.ts';

/**
 * Opens a storage by its URL, without a service over it: `sqlite:./market_data.sqlite3`. The caller closes it.
 *
 * ```ts
 * const storage = await openStorage('sqlite:./market_data.sqlite3');
 * const series = await storage.candles.list();
 * await storage.close();
 * ```
 *
 * @throws BarkeepError as `createMarketData` does.
 */
export function openStorage(
  url: string,
  options?: OpenAdapterOptions,
): Promise<IMarketDataStorage> {
  return openAdapter(url, nodeAdapters, ({ storage }) => storage, options);
}

/** Opens a cache by its URL: `memory:`, `disk:./cache`, `keyv:redis://localhost`. The caller closes it. */
export function openCache(url: string, options?: OpenAdapterOptions): Promise<IDataCache> {
  return openAdapter(url, nodeAdapters, ({ cache }) => cache, options);
}

/** Opens a realtime cache by its URL: `memory:`, `redis://localhost`. The caller closes it. */
export function openRealtime(url: string, options?: OpenRealtimeOptions): Promise<IRealtimeCache> {
  return openAdapter(url, nodeAdapters, ({ realtime }) => realtime, options);
}
