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
import { EntryLives } from './entry-lives.ts';

export interface AbstractCacheOptions extends SweptHandleOptions {
  /**
   * TTL of entries written without `ttlMs` or `expiresAt`, in milliseconds. Default: `Infinity`,
   * never expires.
   */
  readonly defaultTtlMs?: number | undefined;
  /**
   * What a failed read returns: `miss` counts it in `stats().failures` and returns `undefined`;
   * `throw` rejects. Default: `miss`.
   */
  readonly onReadFailure?: 'miss' | 'throw' | undefined;
}

/** The size of a cache. */
export interface CacheUsage {
  readonly entries: number;
  readonly bytes: number;
}

const LEAST: CacheCapabilities = { sharing: 'process', persistent: false, platforms: ['node'] };
const NO_OPTIONS: CallOptions = Object.freeze({});
const SET_OPTIONS = ['expiresAt', 'ttlMs', 'tags', 'signal'] as const;
const WRITE_KEYS = ['key', 'value', 'expiresAt', 'ttlMs', 'tags'] as const;

/**
 * Base class of all caches. It validates arguments, converts TTLs to absolute times, never returns
 * an expired entry (see `isLive`), guards the lifecycle, handles abort signals, keeps statistics
 * and removes expired entries with one timer. Extend it and implement the methods that start with
 * an underscore. They receive valid arguments while the handle is open, and may return a value or a
 * promise. Whatever they throw reaches the caller as a `BarkeepError` or, on reads, becomes a
 * counted miss.
 *
 * @example
 * export class AcmeCache extends AbstractDataCache {
 *   constructor(options: AbstractCacheOptions = {}) {
 *     super('cache-acme', { sharing: 'multi-process', persistent: true }, options);
 *   }
 *   protected _get(key: string) {
 *     return this.#client.entry(key);
 *   } // and so on: _set, _delete, _invalidate, _clear, _keys, _sweep, _usage
 * }
 */
export abstract class AbstractDataCache extends SweptHandle implements IDataCache {
  readonly capabilities: CacheCapabilities;
  readonly #defaultTtlMs: number;
  readonly #throwsReadFailures: boolean;
  readonly #lives: EntryLives;
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
    capabilities: Partial<CacheCapabilities> = {},
    options: AbstractCacheOptions = {},
  ) {
    super(name, options);
    const { defaultTtlMs = Number.POSITIVE_INFINITY, onReadFailure = 'miss' } = options;
    validateTtl(defaultTtlMs, 'defaultTtlMs');
    if (onReadFailure !== 'miss' && onReadFailure !== 'throw') {
      const rule = 'must be "miss" or "throw"';
      throw invalidInput({ field: 'onReadFailure', rule, value: onReadFailure });
    }
    this.capabilities = Object.freeze({ ...LEAST, ...capabilities });
    this.#defaultTtlMs = defaultTtlMs;
    this.#throwsReadFailures = onReadFailure === 'throw';
    this.#lives = new EntryLives(this.clock);
  }

  async get(key: string, options: CallOptions = NO_OPTIONS): Promise<CacheValue | undefined> {
    this.begin(options);
    validateCacheKey(key);
    try {
      const found = this._get(key);
      const entry = found instanceof Promise ? await this.run('get', options, () => found) : found;
      return this.#tally(entry);
    } catch (error) {
      this.readFailed(error);
      return this.#tally(undefined);
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
      const entries =
        found instanceof Promise ? await this.run('getMany', options, () => found) : found;
      return entries.map((entry) => this.#tally(entry));
    } catch (error) {
      this.readFailed(error);
      return checked.map(() => this.#tally(undefined));
    }
  }

  async set(key: string, value: CacheValue, options: CacheSetOptions = NO_OPTIONS): Promise<void> {
    this.begin(options);
    onlyKnownKeys(options, SET_OPTIONS, 'options');
    const now = this.clock.now();
    const entry = this.#checkedEntry(key, value, options, now);
    await this.run('set', options, () =>
      entry.expiresAt <= now ? this._delete(key) : this.#withLives([entry], () => this._set(entry)),
    );
    this.#counts.writes += 1;
  }

  async setMany(entries: readonly CacheWrite[], options: CallOptions = NO_OPTIONS): Promise<void> {
    this.begin(options);
    const now = this.clock.now();
    const checked = this.#checkedEntries(entries, now);
    const live = checked.filter((entry) => entry.expiresAt > now);
    const expired = checked.filter((entry) => entry.expiresAt <= now);
    if (checked.length === 0) return;
    await this.run('setMany', options, () =>
      this.#withLives(live, () =>
        expired.length === 0 ? this._setMany(live) : this.#setAndDelete(live, expired),
      ),
    );
    this.#counts.writes += checked.length;
  }

  async delete(key: string, options: CallOptions = NO_OPTIONS): Promise<boolean> {
    this.begin(options);
    validateCacheKey(key);
    const deleted = await this.run('delete', options, () => this._delete(key));
    if (deleted) this.#counts.deletes += 1;
    return deleted;
  }

  async invalidate(selector: CacheSelector, options: CallOptions = NO_OPTIONS): Promise<number> {
    this.begin(options);
    const checked = checkedSelector(selector);
    const removed = await this.run('invalidate', options, () => this._invalidate(checked));
    this.#counts.deletes += removed;
    return removed;
  }

  async clear(options: CallOptions = NO_OPTIONS): Promise<void> {
    this.begin(options);
    await this.run('clear', options, async () => {
      // What is written while it is under way has a life of its own.
      const done = this.#lives.clear();
      await this._clear();
      done();
    });
  }

  async keys(prefix = '', options: CallOptions = NO_OPTIONS): Promise<string[]> {
    this.begin(options);
    validateCachePrefix(prefix);
    return this.run('keys', options, () => this._keys(prefix));
  }

  async stats(options: CallOptions = NO_OPTIONS): Promise<CacheStatistics> {
    this.begin(options);
    const { entries, bytes } = await this.run('stats', options, () => this._usage());
    const { hits, misses, failures } = this.#counts;
    return {
      ...this.#counts,
      hitRate: hits + misses === 0 ? 0 : hits / (hits + misses),
      expirations: this.expirations,
      failures: failures + this.failedSweeps,
      operations: this.operations,
      entries,
      bytes,
    };
  }

  /** Returns the entry, expired or not; `undefined` if there is none. */
  protected abstract _get(key: string): Awaitable<CacheEntry | undefined>;

  /** Stores an entry that has not expired, replacing the previous one. */
  protected abstract _set(entry: CacheEntry): Awaitable<void>;

  /** Removes an entry. Returns whether there was one that had not expired. */
  protected abstract _delete(key: string): Awaitable<boolean>;

  /** Removes the selected entries. Returns how many of them had not expired. */
  protected abstract _invalidate(selector: CacheSelector): Awaitable<number>;

  protected abstract _clear(): Awaitable<void>;

  /** Returns the keys of unexpired entries with a prefix, which may be empty. */
  protected abstract _keys(prefix: string): Awaitable<string[]>;

  protected abstract _usage(): Awaitable<CacheUsage>;

  /**
   * Reads several keys. Override it if one round trip can serve them all. If a single key fails,
   * treat it as a miss with `readFailed`; throw only if all fail.
   */
  protected _getMany(keys: readonly string[]): Awaitable<readonly (CacheEntry | undefined)[]> {
    return this.#getEach(keys);
  }

  /** Stores entries with distinct keys. Override it if one round trip can store them all. */
  protected _setMany(entries: readonly CacheEntry[]): Awaitable<void> {
    return Promise.all(entries.map((entry) => this._set(entry))).then(() => undefined);
  }

  /**
   * Whether an entry has not expired. Remembers when entries were written or first seen, so setting
   * the clock back does not prolong them.
   */
  protected isLive(entry: Pick<CacheEntry, 'key' | 'expiresAt' | 'deadline'>): boolean {
    return this.#lives.isLive(entry);
  }

  /**
   * Override it to return true if `_get` returns the same objects that `_set` received, with their
   * `deadline`.
   */
  protected get keepsDeadlines(): boolean {
    return false;
  }

  /**
   * Counts a failed read as a miss or throws it, depending on `onReadFailure`. For adapters that
   * read many entries of which one may be corrupted.
   */
  protected readFailed(error: unknown): undefined {
    if (this.#throwsReadFailures || BarkeepError.is(error, 'ABORTED')) throw this.failure(error);
    this.countFailures(1);
  }

  /** Counts entries that could not be read and are returned as misses. */
  protected countFailures(values: number): void {
    this.#counts.failures += values;
  }

  /** Counts entries evicted to stay within a bound. */
  protected countEvictions(entries: number): void {
    this.#counts.evictions += entries;
  }

  /** Counts a value that was not stored because it alone exceeds a bound. */
  protected countRejection(): void {
    this.#counts.rejections += 1;
  }

  async #getEach(keys: readonly string[]): Promise<readonly (CacheEntry | undefined)[]> {
    const reads = await Promise.allSettled(keys.map(async (key) => this._get(key)));
    const [failed] = reads.filter(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected' && reads.every(({ status }) => status === 'rejected')) {
      throw failed.reason;
    }
    return reads.map((read) =>
      read.status === 'fulfilled' ? read.value : this.readFailed(read.reason),
    );
  }

  /** Starts everything at once, so that no later call comes in between. */
  async #setAndDelete(live: readonly CacheEntry[], expired: readonly CacheEntry[]): Promise<void> {
    const changes = await Promise.allSettled(
      [
        ...(live.length === 0 ? [] : [async () => this._setMany(live)]),
        ...expired.map(
          ({ key }) =>
            async () =>
              void (await this._delete(key)),
        ),
      ].map((change) => change()),
    );
    for (const change of changes) if (change.status === 'rejected') throw change.reason;
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
    const entry = { key, value, expiresAt, tags: uniqueTags(options.tags) };
    return this.keepsDeadlines
      ? { ...entry, deadline: this.#lives.deadlineOf(expiresAt, now) }
      : entry;
  }

  /** A failed write leaves the previous entry and its expiry unchanged. */
  #withLives(entries: readonly CacheEntry[], write: () => Awaitable<void>): Awaitable<void> {
    if (this.keepsDeadlines) return write();
    const done = this.#lives.write(entries);
    const written = write();
    if (written instanceof Promise) return written.then(done);
    done();
  }

  /** If keys are equal, the later entry wins. */
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
    if (entry === undefined || !this.isLive(entry)) {
      this.#counts.misses += 1;
      return undefined;
    }
    this.#counts.hits += 1;
    return entry.value;
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
