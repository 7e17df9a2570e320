import type { Clock } from '@barkeep/core';
import {
  createMarketData,
  type IMarketDataCoordinator,
  type IMarketDataService,
} from '@barkeep/market-data';
import type { DemoOptions } from './demo-options.ts';
import { GRACE_MS } from './live-recorder.ts';

/** The service as the demo uses it: adapters by URL, a cache in memory, an exchange's clock. */
export function openMarketData(
  { storage, realtime }: DemoOptions,
  source: { readonly coordinator?: IMarketDataCoordinator; readonly clock?: Clock } = {},
): Promise<IMarketDataService> {
  return createMarketData({
    storage,
    realtime,
    cache: 'memory:',
    fetching: { closeGraceMs: GRACE_MS },
    ...source,
  });
}
