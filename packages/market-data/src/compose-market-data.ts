import type { IDataCache } from '@barkeep/cache';
import { BarkeepError } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import { type AdapterOptions, adapterFromUrl } from './adapters/adapter-from-url.ts';
import type { SchemeTable, SchemeTables } from './adapters/known-adapters.ts';
import { OwnedParts } from './adapters/owned-parts.ts';
import { withGivenAdapters } from './adapters/with-given-adapters.ts';
import { type CheckedConfig, checkConfig } from './config/check-config.ts';
import type { MarketDataConfig } from './config/market-data-config.ts';
import type { IMarketDataService } from './contract/market-data-service.ts';
import { MarketData } from './market-data.ts';

/** `createMarketData` on a platform, whose adapters URLs may name. @throws as that does. */
export async function composeMarketData(
  config: MarketDataConfig,
  known: SchemeTables,
): Promise<IMarketDataService> {
  const checked = checkConfig(config);
  const parts = await resolveParts(checked, withGivenAdapters(known, checked.adapters));
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

async function resolveParts(config: CheckedConfig, tables: SchemeTables): Promise<Parts> {
  const { storage, realtime, cache, diskCache, clock, tradingHours } = config;
  const resolve = async <Adapter>(
    part: Adapter | string,
    field: string,
    table: SchemeTable<Adapter>,
    common: AdapterOptions = { clock },
  ): Promise<Adapter> =>
    typeof part === 'string' ? adapterFromUrl(part, field, table, common) : part;
  return {
    storage: await resolve(storage, 'storage', tables.storage),
    realtime: await resolve(realtime, 'realtime', tables.realtime, { clock, tradingHours }),
    cache: cache === undefined ? undefined : await resolve(cache, 'cache', tables.cache),
    diskCache:
      diskCache === undefined ? undefined : await resolve(diskCache, 'diskCache', tables.cache),
  };
}
