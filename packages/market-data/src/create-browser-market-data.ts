import { browserSchemes } from './adapters/browser-schemes.ts';
import { composeMarketData } from './compose-market-data.ts';
import type { MarketDataConfig } from './config/market-data-config.ts';
import type { IMarketDataService } from './contract/market-data-service.ts';

/** `createMarketData` as bundlers for browsers take it: without the adapters that need Node. */
export function createBrowserMarketData(config: MarketDataConfig): Promise<IMarketDataService> {
  return composeMarketData(config, browserSchemes);
}
