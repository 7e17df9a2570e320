import type { IDataCache } from '@barkeep/cache';
import { BarkeepError } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import {
  type AdapterOptions,
  type AdapterSchemes,
  adapterFromUrl,
} from './adapters/adapter-from-url.ts';
import { cacheSchemes, realtimeSchemes, storageSchemes } from './adapters/adapter-schemes.ts';
import { OwnedParts } from './adapters/owned-parts.ts';
import { type CheckedConfig, checkConfig } from './config/check-config.ts';
import type { MarketDataConfig } from './config/market-data-config.ts';
import type { IMarketDataService } from './contract/market-data-service.ts';
import { MarketData } from './market-data.ts';

/**
 * Puts a service together from a storage, caches, a router and a coordinator, and opens it.
 *
 * Each adapter is an instance or a URL whose scheme names the package that is loaded for it:
 *
 * | part | URL | package |
 * |---|---|---|
 * | `storage` | `sqlite:<path>` | `@barkeep/storage-sqlite` |
 * | `storage` | `sqljs:<path>` | `@barkeep/storage-sqljs` |
 * | `storage` | `memory:` | `@barkeep/storage-memory` |
 * | `realtime` | `memory:` | `@barkeep/realtime-memory` |
 * | `realtime` | `redis://<host>`, `rediss://<host>`, `redis-cluster://<host>,<host>` | `@barkeep/realtime-redis` |
 * | `cache`, `diskCache` | `memory:` | `@barkeep/cache-memory` |
 * | `cache`, `diskCache` | `disk:<directory>` | `@barkeep/cache-disk` |
 * | `cache`, `diskCache` | `keyv:<URL of a Keyv store>` | `@barkeep/cache-keyv`, and the store's |
 *
 * Options of an adapter follow as parameters, such as `memory:?maxBytes=1000000`.
 *
 * A part that is idle is opened here and closed with the service; one that is open already stays
 * open. When a part cannot be opened, those opened before it are closed again.
 *
 * @throws BarkeepError `INVALID_INPUT` for an unknown option, scheme or parameter; `MISSING_PACKAGE`
 * when an adapter's package is not installed (never another adapter in its place); `NOT_OPEN` for an
 * instance that is closed; whatever keeps a part from opening.
 */
export async function createMarketData(config: MarketDataConfig): Promise<IMarketDataService> {
  const checked = checkConfig(config);
  const parts = await resolveParts(checked);
  const owned = new OwnedParts();
  try {
    for (const part of [parts.storage, parts.realtime, parts.cache, parts.diskCache]) {
      if (part !== undefined) await owned.open(part);
    }
    const service = new MarketData({ ...checked, ...parts, owned });
    await service.open();
    return service;
  } catch (error) {
    await owned.close().catch((closing: unknown) => {
      const cause = new AggregateError([error, closing]);
      throw new BarkeepError('CANNOT_OPEN', 'neither opening nor closing succeeded', { cause });
    });
    throw error;
  }
}

interface Parts {
  readonly storage: IMarketDataStorage;
  readonly realtime: IRealtimeCache;
  readonly cache: IDataCache | undefined;
  readonly diskCache: IDataCache | undefined;
}

async function resolveParts(config: CheckedConfig): Promise<Parts> {
  const { storage, realtime, cache, diskCache, clock, tradingHours } = config;
  const resolve = async <Adapter>(
    part: Adapter | string,
    field: string,
    schemes: AdapterSchemes<Adapter>,
    common: AdapterOptions = { clock },
  ): Promise<Adapter> =>
    typeof part === 'string' ? adapterFromUrl(part, field, schemes, common) : part;
  return {
    storage: await resolve(storage, 'storage', storageSchemes),
    realtime: await resolve(realtime, 'realtime', realtimeSchemes, { clock, tradingHours }),
    cache: cache === undefined ? undefined : await resolve(cache, 'cache', cacheSchemes),
    diskCache:
      diskCache === undefined ? undefined : await resolve(diskCache, 'diskCache', cacheSchemes),
  };
}
