import type { CallOptions, EpochMs, HandleState, OperationSummary } from '@barkeep/core';
import type { CacheCapabilities } from './cache-capabilities.ts';
import type { CacheValue } from './cache-value.ts';

export interface CacheSetOptions extends CallOptions {
  /**
   * When the entry expires; it is valid before that instant and gone from then on. `Infinity` never
   * expires. Give this or `ttlMs`, not both. Default: the cache's default TTL.
   */
  readonly expiresAt?: EpochMs | undefined;
  /**
   * TTL in milliseconds. 0 or less expires at once; `Infinity`, or beyond the year 9999, never.
   * Default: the cache's default TTL.
   */
  readonly ttlMs?: number | undefined;
  /** Labels for invalidating entries together. Default: none. */
  readonly tags?: readonly string[] | undefined;
}

/** An entry for `setMany`. */
export interface CacheWrite extends Omit<CacheSetOptions, 'signal'> {
  readonly key: string;
  readonly value: CacheValue;
}

/**
 * Selects entries whose key starts with `prefix` (taken literally), or that have at least one of
 * `tags`.
 */
export type CacheSelector = { readonly prefix: string } | { readonly tags: readonly string[] };

export interface CacheStatistics {
  /**
   * Calls, failures and latencies by operation, such as `setMany`. Reads served directly from
   * memory are only counted as hits and misses: timing one would take as long as the read.
   */
  readonly operations: Readonly<Record<string, OperationSummary>>;
  readonly hits: number;
  readonly misses: number;
  /** Hits as a share of all reads; 0 if there were none. */
  readonly hitRate: number;
  readonly writes: number;
  readonly deletes: number;
  /** Entries removed because they expired. */
  readonly expirations: number;
  /** Entries evicted to stay within a bound. */
  readonly evictions: number;
  /** Values not stored because they alone exceed a bound. */
  readonly rejections: number;
  /** Failed reads returned as misses, and failed periodic sweeps. */
  readonly failures: number;
  readonly entries: number;
  /** Total size of the entries in bytes, as estimated by the adapter. */
  readonly bytes: number;
}

/**
 * A cache of values with a TTL and tags. It may evict anything at any time, but never returns an
 * expired, outdated or corrupted value. Open it before use and close it afterwards.
 *
 * @example
 * const cache: IDataCache = new MemoryCache({ maxBytes: 64 * 1024 * 1024 });
 * await cache.open();
 * await cache.set('page:1', { rows: [1, 2, 3] }, { ttlMs: 60_000, tags: ['pages'] });
 * const page = await cache.get('page:1'); // undefined if expired or evicted
 * await cache.invalidate({ tags: ['pages'] });
 * await cache.close();
 */
export interface IDataCache extends AsyncDisposable {
  readonly name: string;
  readonly capabilities: CacheCapabilities;
  readonly state: HandleState;

  open(options?: CallOptions): Promise<void>;
  close(): Promise<void>;

  /** Returns the value; `undefined` on a miss. */
  get(key: string, options?: CallOptions): Promise<CacheValue | undefined>;

  /** Returns values in the order of the keys. */
  getMany(keys: readonly string[], options?: CallOptions): Promise<(CacheValue | undefined)[]>;

  /** Creates or replaces an entry with its TTL and tags. */
  set(key: string, value: CacheValue, options?: CacheSetOptions): Promise<void>;

  /**
   * Creates or replaces several entries. If keys are equal, the later entry wins. One invalid entry
   * rejects all.
   */
  setMany(entries: readonly CacheWrite[], options?: CallOptions): Promise<void>;

  /** Removes an entry. Returns whether there was one that had not expired. */
  delete(key: string, options?: CallOptions): Promise<boolean>;

  /** Removes the selected entries and returns how many. An empty prefix selects all. */
  invalidate(selector: CacheSelector, options?: CallOptions): Promise<number>;

  /** Removes everything from this cache. */
  clear(options?: CallOptions): Promise<void>;

  /** Returns the keys of unexpired entries with a prefix (default: all), in no particular order. */
  keys(prefix?: string, options?: CallOptions): Promise<string[]>;

  /** Removes expired entries now and returns how many. Also runs periodically. */
  sweep(options?: CallOptions): Promise<number>;

  /** Returns statistics. */
  stats(options?: CallOptions): Promise<CacheStatistics>;
}
