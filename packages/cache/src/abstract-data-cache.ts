import {
  type Awaitable,
  BarkeepError,
  type CallOptions,
  type EpochMs,
  invalidInput,
  onlyKnownKeys,
  SweptHandle,
  type SweptHandleOptions,
} from '@barkeep/core';
import type { CacheCapabilities } from './cache-capabilities.ts';
import type { CacheEntry } from './cache-entry.ts';
import { absoluteExpiry, validateTtl } from './cache-expiry.ts';
import { uniqueTags, validateCacheKey, validateCachePrefix } from './cache-key.ts';
import { checkedSelector } from './cache-selector.ts';
import { type CacheValue, validateCacheValue } from './cache-value.ts';
import type {
  CacheSelector,
  CacheSetOptions,
  CacheStatistics,
  CacheWrite,
  IDataCache,
} from './data-cache.ts';

export interface AbstractCacheOptions extends SweptHandleOptions {
  /** The expiry of entries written without one, in milliseconds. Default: `Infinity`, never. */
  readonly defaultTtlMs?: number | undefined;
  /** Whether a read that fails below is a counted miss or an error. Default: `miss`. */
  readonly onReadFailure?: 'miss' | 'throw' | undefined;
}

/** What the entries of a cache take. */
export interface CacheUsage {
  readonly entries: number;
  readonly bytes: number;
}

const NO_OPTIONS: CallOptions = Object.freeze({});
const SET_OPTIONS = ['expiresAt', 'ttlMs', 'tags', 'signal'] as const;
const WRITE_KEYS = ['key', 'value', 'expiresAt', 'ttlMs', 'tags'] as const;

/**
 * The common part of every cache: it checks arguments, turns expiries into absolute instants, never
 * returns an expired entry, guards the life cycle, honours abort signals, counts, and sweeps with
 * one timer. An adapter extends it and writes the methods that start with an underscore. They
 * receive checked arguments while the handle is open, and may return a value or a promise; whatever
 * they throw reaches the caller as a `BarkeepError`, or on a read as a counted miss.
 */
export abstract class AbstractDataCache extends SweptHandle implements IDataCache {
  readonly capabilities: CacheCapabilities;
  readonly #defaultTtlMs: number;
  readonly #throwsReadFailures: boolean;
  readonly #counts = {
    hits: 0,
    misses: 0,
    writes: 0,
    deletes: 0,
    evictions: 0,
    rejections: 0,
    failures: 0,
  };

  protected constructor(
    name: string,
    capabilities: CacheCapabilities,
    options: AbstractCacheOptions = {},
  ) {
    super(name, options);
    const { defaultTtlMs = Number.POSITIVE_INFINITY, onReadFailure = 'miss' } = options;
    validateTtl(defaultTtlMs, 'defaultTtlMs');
    if (onReadFailure !== 'miss' && onReadFailure !== 'throw') {
      const rule = 'must be "miss" or "throw"';
      throw invalidInput({ field: 'onReadFailure', rule, value: onReadFailure });
    }
    this.capabilities = Object.freeze({ ...capabilities });
    this.#defaultTtlMs = defaultTtlMs;
    this.#throwsReadFailures = onReadFailure === 'throw';
  }

  async get(key: string, options: CallOptions = NO_OPTIONS): Promise<CacheValue | undefined> {
    this.begin(options);
    validateCacheKey(key);
    try {
      const found = this._get(key);
      const entry = found instanceof Promise ? await this.settled(found, options) : found;
      return this.#tally(entry);
    } catch (error) {
      this.#readFailed(error, 1);
      return undefined;
    }
  }

  async getMany(
    keys: readonly string[],
    options: CallOptions = NO_OPTIONS,
  ): Promise<(CacheValue | undefined)[]> {
    this.begin(options);
    const checked = checkedKeys(keys);
    if (checked.length === 0) return [];
    try {
      const found = this._getMany(checked);
      const entries = found instanceof Promise ? await this.settled(found, options) : found;
      return entries.map((entry) => this.#tally(entry));
    } catch (error) {
      this.#readFailed(error, checked.length);
      return checked.map(() => undefined);
    }
  }

  async set(key: string, value: CacheValue, options: CacheSetOptions = NO_OPTIONS): Promise<void> {
    this.begin(options);
    onlyKnownKeys(options, SET_OPTIONS, 'options');
    const now = this.clock.now();
    const entry = this.#checkedEntry(key, value, options, now);
    await this.run(options, () =>
      entry.expiresAt > now ? this._set(entry) : this._delete(key, now),
    );
    this.#counts.writes += 1;
  }

  async setMany(entries: readonly CacheWrite[], options: CallOptions = NO_OPTIONS): Promise<void> {
    this.begin(options);
    const now = this.clock.now();
    const checked = this.#checkedEntries(entries, now);
    const live = checked.filter((entry) => entry.expiresAt > now);
    if (live.length > 0) await this.run(options, () => this._setMany(live));
    for (const { key, expiresAt } of checked) {
      if (expiresAt <= now) await this.run(options, () => this._delete(key, now));
    }
    this.#counts.writes += checked.length;
  }

  async delete(key: string, options: CallOptions = NO_OPTIONS): Promise<boolean> {
    this.begin(options);
    validateCacheKey(key);
    const deleted = await this.run(options, () => this._delete(key, this.clock.now()));
    if (deleted) this.#counts.deletes += 1;
    return deleted;
  }

  async invalidate(selector: CacheSelector, options: CallOptions = NO_OPTIONS): Promise<number> {
    this.begin(options);
    const checked = checkedSelector(selector);
    const removed = await this.run(options, () => this._invalidate(checked, this.clock.now()));
    this.#counts.deletes += removed;
    return removed;
  }

  async clear(options: CallOptions = NO_OPTIONS): Promise<void> {
    this.begin(options);
    await this.run(options, () => this._clear());
  }

  async keys(prefix = '', options: CallOptions = NO_OPTIONS): Promise<string[]> {
    this.begin(options);
    validateCachePrefix(prefix);
    return this.run(options, () => this._keys(prefix, this.clock.now()));
  }

  async stats(options: CallOptions = NO_OPTIONS): Promise<CacheStatistics> {
    this.begin(options);
    const { entries, bytes } = await this.run(options, () => this._usage());
    const { hits, misses, failures } = this.#counts;
    return {
      ...this.#counts,
      hitRate: hits + misses === 0 ? 0 : hits / (hits + misses),
      expirations: this.expirations,
      failures: failures + this.failedSweeps,
      entries,
      bytes,
    };
  }

  /** The entry, expired or not; `undefined` when there is none. */
  protected abstract _get(key: string): Awaitable<CacheEntry | undefined>;

  /** Stores an entry that is live now, in place of the one before it. */
  protected abstract _set(entry: CacheEntry): Awaitable<void>;

  /** Returns whether an entry that is live at `now` was there. */
  protected abstract _delete(key: string, now: EpochMs): Awaitable<boolean>;

  /** Removes what is selected; returns how many of them were live at `now`. */
  protected abstract _invalidate(selector: CacheSelector, now: EpochMs): Awaitable<number>;

  protected abstract _clear(): Awaitable<void>;

  /** The keys of entries live at `now` that start with a prefix, which may be empty. */
  protected abstract _keys(prefix: string, now: EpochMs): Awaitable<string[]>;

  protected abstract _usage(): Awaitable<CacheUsage>;

  /** Override it when one round trip can serve all keys. */
  protected _getMany(keys: readonly string[]): Awaitable<readonly (CacheEntry | undefined)[]> {
    return Promise.all(keys.map((key) => this._get(key)));
  }

  /** Stores entries with different keys. Override it when one round trip can store them all. */
  protected _setMany(entries: readonly CacheEntry[]): Awaitable<void> {
    return Promise.all(entries.map((entry) => this._set(entry))).then(() => undefined);
  }

  /** Counts entries that went to keep a bound. */
  protected countEvictions(entries: number): void {
    this.#counts.evictions += entries;
  }

  /** Counts a value that exceeded a bound by itself and was not stored. */
  protected countRejection(): void {
    this.#counts.rejections += 1;
  }

  #checkedEntry(
    key: string,
    value: CacheValue,
    options: CacheSetOptions,
    now: EpochMs,
    index?: number,
  ): CacheEntry {
    validateCacheKey(key, index);
    validateCacheValue(value, index);
    const expiresAt = absoluteExpiry(options, this.#defaultTtlMs, now, index);
    return { key, value, expiresAt, tags: uniqueTags(options.tags) };
  }

  /** Of equal keys the later entry. */
  #checkedEntries(entries: readonly CacheWrite[], now: EpochMs): CacheEntry[] {
    if (!Array.isArray(entries)) {
      throw invalidInput({ field: 'entries', rule: 'must be an array', value: entries });
    }
    const byKey = new Map<string, CacheEntry>();
    for (const [index, entry] of entries.entries()) {
      if (entry === null || typeof entry !== 'object') {
        const rule = 'must be { key, value, … }';
        throw invalidInput({ field: 'entry', rule, value: entry, index });
      }
      onlyKnownKeys(entry, WRITE_KEYS, 'entry');
      byKey.set(entry.key, this.#checkedEntry(entry.key, entry.value, entry, now, index));
    }
    return [...byKey.values()];
  }

  #tally(entry: CacheEntry | undefined): CacheValue | undefined {
    if (entry === undefined || entry.expiresAt <= this.clock.now()) {
      this.#counts.misses += 1;
      return undefined;
    }
    this.#counts.hits += 1;
    return entry.value;
  }

  #readFailed(error: unknown, reads: number): void {
    if (this.#throwsReadFailures || BarkeepError.is(error, 'ABORTED')) throw this.failure(error);
    this.#counts.failures += 1;
    this.#counts.misses += reads;
  }
}

function checkedKeys(keys: readonly string[]): string[] {
  if (!Array.isArray(keys)) {
    throw invalidInput({ field: 'keys', rule: 'must be an array', value: keys });
  }
  const checked = [...keys];
  for (const [index, key] of checked.entries()) validateCacheKey(key, index);
  return checked;
}
