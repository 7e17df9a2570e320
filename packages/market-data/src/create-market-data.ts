import { nodeAdapters } from './adapters/node-adapters.ts';
import { composeMarketData } from './compose-market-data.ts';
import type { MarketDataConfig } from './config/market-data-config.ts';
import type { IMarketDataService } from './contract/market-data-service.ts';

/**
 * Puts a service together from a storage, caches, a router and a coordinator, and opens it.
 *
 * Each adapter is an instance or a URL whose scheme names the package that is loaded for it:
 *
 * | part | URL | package |
 * |---|---|---|
 * | `storage` | `sqlite:<path>` | `@barkeep/storage-sqlite` |
 * | `storage` | `sqljs:<path>` | `@barkeep/storage-sqljs` |
 * | `storage` | `opfs:<name>`, `indexeddb:<name>`: only in browsers | `@barkeep/storage-sqljs` |
 * | `storage` | `memory:` | `@barkeep/storage-memory` |
 * | `realtime` | `memory:` | `@barkeep/realtime-memory` |
 * | `realtime` | `redis://<host>`, `rediss://<host>`, `redis-cluster://<host>,<host>` | `@barkeep/realtime-redis` |
 * | `cache`, `diskCache` | `memory:` | `@barkeep/cache-memory` |
 * | `cache`, `diskCache` | `disk:<directory>` | `@barkeep/cache-disk` |
 * | `cache`, `diskCache` | `keyv:<URL of a Keyv store>` | `@barkeep/cache-keyv`, and the store's |
 *
 * Options of an adapter follow as parameters, such as `memory:?maxBytes=1000000`. Other packages bring
 * schemes of their own: `adapters: [acmeStorage]` makes `acme:` known.
 *
 * A part that is idle is opened here and closed with the service; one that is open already stays
 * open. When a part cannot be opened, those opened before it are closed again.
 *
 * @throws BarkeepError `INVALID_INPUT` for an unknown option, scheme or parameter; `UNSUPPORTED` for a
 * scheme of another platform; `MISSING_PACKAGE` when an adapter's package is not installed (never
 * another adapter in its place); `NOT_OPEN` for an instance that is closed; whatever keeps a part from
 * opening.
 */
export function createMarketData(config: MarketDataConfig): Promise<IMarketDataService> {
  return composeMarketData(config, nodeAdapters);
}
