import type { IDataCache } from '@barkeep/cache';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { AdapterSchemes } from './adapter-from-url.ts';

/** The schemes that each part of a configuration may have. */
export interface AdapterRegistry {
  readonly storage: AdapterSchemes<IMarketDataStorage>;
  readonly realtime: AdapterSchemes<IRealtimeCache>;
  /** Of `cache` and `diskCache`. */
  readonly cache: AdapterSchemes<IDataCache>;
}
