import type { CallOptions, EpochMs, HandleState, OperationSummary } from '@barkeep/core';
import type { CacheCapabilities } from './cache-capabilities.ts';
import type { CacheValue } from './cache-value.ts';

export interface CacheSetOptions extends CallOptions {
  /**
   * The instant the entry expires; `Infinity` for never. It is live before that instant, and gone
   * from it on. Give this or `ttlMs`, not both. Default: the cache's own expiry.
   */
  readonly expiresAt?: EpochMs | undefined;
  /**
   * How long the entry lives, in milliseconds; 0 or less is expired at once, `Infinity` (or beyond
   * the year 9999) never.
   */
  readonly ttlMs?: number | undefined;
  /** Names by which the entry can be invalidated together with others. */
  readonly tags?: readonly string[] | undefined;
}

export interface CacheWrite extends Omit<CacheSetOptions, 'signal'> {
  readonly key: string;
  readonly value: CacheValue;
}

/** Entries whose key starts with `prefix` (taken literally), or that carry at least one of `tags`. */
export type CacheSelector = { readonly prefix: string } | { readonly tags: readonly string[] };

export interface CacheStatistics {
  /**
   * Calls, failures and latencies by operation, such as `setMany`. Reads that memory answers on the spot
   * are counted as hits and misses only: timing one would take as long as the read.
   */
  readonly operations: Readonly<Record<string, OperationSummary>>;
  readonly hits: number;
  readonly misses: number;
  /** Hits as a share of all reads, 0 when there were none. */
  readonly hitRate: number;
  readonly writes: number;
  readonly deletes: number;
  /** Entries that went because their time had come. */
  readonly expirations: number;
  /** Entries that went to keep a bound. */
  readonly evictions: number;
  /** Values that exceeded a bound by themselves and were not stored. */
  readonly rejections: number;
  /** Reads that failed below and were answered as misses, and sweeps of its own that failed. */
  readonly failures: number;
  readonly entries: number;
  /** Bytes the entries take, as the adapter estimates them. */
  readonly bytes: number;
}

/**
 * A cache of values with an expiry. Open it before use, close it after.
 *
 * A cache may forget anything at any time; it never returns an expired, outdated or damaged value.
 */
export interface IDataCache extends AsyncDisposable {
  readonly name: string;
  readonly capabilities: CacheCapabilities;
  readonly state: HandleState;

  open(options?: CallOptions): Promise<void>;
  close(): Promise<void>;

  /** The value; `undefined` on a miss. */
  get(key: string, options?: CallOptions): Promise<CacheValue | undefined>;

  /** The values in the order of the keys. */
  getMany(keys: readonly string[], options?: CallOptions): Promise<(CacheValue | undefined)[]>;

  /** Stores or replaces an entry, its expiry and its tags. */
  set(key: string, value: CacheValue, options?: CacheSetOptions): Promise<void>;

  /** Stores several entries; of equal keys the later one. One invalid entry rejects all. */
  setMany(entries: readonly CacheWrite[], options?: CallOptions): Promise<void>;

  /** Returns whether a live entry was there. */
  delete(key: string, options?: CallOptions): Promise<boolean>;

  /** Removes what is selected; returns how many entries that were. An empty prefix selects all. */
  invalidate(selector: CacheSelector, options?: CallOptions): Promise<number>;

  /** Removes everything this cache holds. */
  clear(options?: CallOptions): Promise<void>;

  /** The keys of live entries that start with a prefix (default: all), in no order. */
  keys(prefix?: string, options?: CallOptions): Promise<string[]>;

  /** Removes expired entries now; returns how many. Happens by itself from time to time. */
  sweep(options?: CallOptions): Promise<number>;

  stats(options?: CallOptions): Promise<CacheStatistics>;
}
