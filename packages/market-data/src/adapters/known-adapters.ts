import type { IDataCache } from '@barkeep/cache';
import type { AdapterDefinition, AdapterScheme, Platform } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';

/** Which package brings the adapter of a scheme. */
export interface KnownAdapter<Adapter> {
  readonly package: string;
  /** The only platform it runs on. Default: any. */
  readonly platform?: Platform;
  /**
   * Imports the package by a literal name, so that bundlers see it, within a `try`, so that one that is not
   * installed is an error of the program and not of its build. `undefined` where a bundler has put an empty
   * module in its place. Absent where the platform cannot be this one.
   */
  readonly load?: () => Promise<AdapterDefinition<string, Adapter> | undefined>;
}

/** An adapter that the caller brings, for one scheme. */
export interface GivenAdapter<Adapter> {
  readonly scheme: AdapterScheme<Adapter>;
}

export type SchemeTable<Adapter> = Readonly<
  Record<string, KnownAdapter<Adapter> | GivenAdapter<Adapter>>
>;

/** The schemes that each kind of adapter may have. */
export interface SchemeTables {
  readonly storage: SchemeTable<IMarketDataStorage>;
  readonly realtime: SchemeTable<IRealtimeCache>;
  /** Of `cache` and `diskCache`. */
  readonly cache: SchemeTable<IDataCache>;
}
