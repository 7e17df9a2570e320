import type { Clock } from '@barkeep/core';
import {
  createMarketData,
  type IMarketDataCoordinator,
  type IMarketDataService,
  type ISmartRouter,
} from '@barkeep/market-data';
import type { DemoOptions } from './demo-options.ts';
import { GRACE_MS } from './live-feed.ts';
import { BACKUP_DIRECTORY } from './server/database-status.ts';

/** As many series as the last runs read most are in memory from the start. */
const PRELOADED_SERIES = 8;
/** States of candles reach the storage, and from there the page, so often. */
const RECORDING_INTERVAL_MS = 500;

/** Nobody asked the demo for copies of its own accord. */
const NEVER_MS = 365 * 86_400_000;

/** Where data comes from: nowhere but from the storage when none of it is given. */
export interface MarketDataSource {
  readonly router?: ISmartRouter;
  readonly coordinator?: IMarketDataCoordinator;
  /** The exchange's. */
  readonly clock?: Clock;
}

/** The service as the demo uses it: adapters by URL, every tier there is, an exchange's clock. */
export function openMarketData(
  { storage, realtime, diskCache }: DemoOptions,
  source: MarketDataSource = {},
): Promise<IMarketDataService> {
  return createMarketData({
    storage,
    realtime,
    cache: 'memory:',
    diskCache,
    preload: { mostRead: PRELOADED_SERIES },
    recording: { intervalMs: RECORDING_INTERVAL_MS },
    fetching: { closeGraceMs: GRACE_MS },
    maintenance: { backup: { directory: BACKUP_DIRECTORY, everyMs: NEVER_MS } },
    ...source,
  });
}
