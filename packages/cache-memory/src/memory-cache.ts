import type { CacheAdapter } from '@barkeep/cache';
import {
  type AbstractCacheOptions,
  AbstractDataCache,
  type CacheEntry,
  type CacheSelector,
  type CacheUsage,
} from '@barkeep/cache';
import { invalidInput } from '@barkeep/core';
import { LRUCache } from 'lru-cache';
import { entryBytes, givenEntry, type KeptEntry, keptEntry } from './kept-entry.ts';
import { TagIndex } from './tag-index.ts';
import { withoutPinnedMemory } from './without-pinned-memory.ts';

export interface MemoryCacheOptions extends AbstractCacheOptions {
  /** The most entries it keeps; the least recently used go first. Default: 10,000. */
  readonly maxEntries?: number | undefined;
  /** The most bytes its entries take, as estimated. Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
  /**
   * A value that takes more bytes is kept encoded, where that takes fewer: candle series take about a
   * sixth. Each read then decodes it, a page of a thousand candles in some twenty microseconds, into a
   * value of its own. Default: `Infinity`, none.
   */
  readonly encodeAboveBytes?: number | undefined;
}

const DEFAULT_MAX_ENTRIES = 10_000;
const DEFAULT_MAX_BYTES = 64 * 1_024 * 1_024;
/** lru-cache keeps its order in arrays of 32-bit indexes. */
const MOST_ENTRIES = 2 ** 32 - 1;

/**
 * A cache in the memory of this process: least recently used entries go first when a bound is
 * reached. A value that exceeds `maxBytes` by itself is not stored, and replaces nothing but the old
 * value, which is gone.
 *
 * Values are not copied, save slices that would keep much more memory alive than they show, and those
 * that are kept encoded.
 */
export class MemoryCache extends AbstractDataCache {
  readonly #entries: LRUCache<string, KeptEntry>;
  readonly #tags = new TagIndex();
  readonly #maxBytes: number;
  readonly #encodeAboveBytes: number;

  constructor(options: MemoryCacheOptions = {}) {
    const maxEntries = options.maxEntries ?? DEFAULT_MAX_ENTRIES;
    const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    validateBound(maxEntries, 'maxEntries', MOST_ENTRIES);
    validateBound(maxBytes, 'maxBytes', Number.MAX_SAFE_INTEGER);
    const encodeAboveBytes = options.encodeAboveBytes ?? Number.POSITIVE_INFINITY;
    if (!(typeof encodeAboveBytes === 'number' && encodeAboveBytes >= 0)) {
      const rule = 'must be a number of bytes';
      throw invalidInput({ field: 'encodeAboveBytes', rule, value: encodeAboveBytes });
    }
    super('cache-memory', { platforms: ['node', 'browser'], maxEntries, maxBytes }, options);
    this.#maxBytes = maxBytes;
    this.#encodeAboveBytes = encodeAboveBytes;
    // No `ttl`: lru-cache would count it by a clock of its own.
    this.#entries = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      dispose: (entry, _key, reason) => {
        this.#tags.remove(entry);
        if (reason === 'evict') this.countEvictions(1);
      },
    });
  }

  protected override get keepsDeadlines(): boolean {
    return true;
  }

  protected override _stop(): void {
    this._clear();
  }

  protected _get(key: string): CacheEntry | undefined {
    const kept = this.#entries.get(key);
    return kept && givenEntry(kept);
  }

  protected override _getMany(keys: readonly string[]): (CacheEntry | undefined)[] {
    return keys.map((key) => this._get(key));
  }

  protected _set(entry: CacheEntry): void {
    const value = withoutPinnedMemory(entry.value);
    const kept = keptEntry({ ...entry, value }, this.#encodeAboveBytes);
    const size = entryBytes(kept);
    if (size > this.#maxBytes) {
      this.#entries.delete(entry.key);
      this.countRejection();
      return;
    }
    this.#entries.set(entry.key, kept, { size });
    this.#tags.add(kept);
  }

  protected override _setMany(entries: readonly CacheEntry[]): void {
    for (const entry of entries) this._set(entry);
  }

  protected _delete(key: string): boolean {
    const entry = this.#entries.peek(key);
    return entry !== undefined && this.#remove(entry);
  }

  protected _invalidate(selector: CacheSelector): number {
    let removed = 0;
    for (const entry of this.#selected(selector)) if (this.#remove(entry)) removed += 1;
    return removed;
  }

  protected _clear(): void {
    this.#entries.clear();
  }

  protected _keys(prefix: string): string[] {
    return this.#startingWith(prefix)
      .filter((entry) => this.isLive(entry))
      .map(({ key }) => key);
  }

  protected _sweep(): number {
    const expired = this.#startingWith('').filter((entry) => !this.isLive(entry));
    for (const { key } of expired) this.#entries.delete(key);
    return expired.length;
  }

  protected _usage(): CacheUsage {
    return { entries: this.#entries.size, bytes: this.#entries.calculatedSize };
  }

  #selected(selector: CacheSelector): readonly KeptEntry[] {
    return 'prefix' in selector
      ? this.#startingWith(selector.prefix)
      : this.#tags.entriesWith(selector.tags);
  }

  #startingWith(prefix: string): KeptEntry[] {
    const found: KeptEntry[] = [];
    for (const entry of this.#entries.values()) if (entry.key.startsWith(prefix)) found.push(entry);
    return found;
  }

  /** Returns whether it was live. */
  #remove(entry: KeptEntry): boolean {
    this.#entries.delete(entry.key);
    return this.isLive(entry);
  }
}

function validateBound(value: unknown, field: string, most: number): void {
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return;
  throw invalidInput({ field, rule: `must be a whole number from 1 to ${most}`, value });
}

/** Makes caches from `memory:`. */
export const memoryCacheAdapter: CacheAdapter = {
  kind: 'cache',
  schemes: {
    memory: {
      parameters: { maxEntries: 'count', maxBytes: 'count', encodeAboveBytes: 'count' },
      create: (options: MemoryCacheOptions) => new MemoryCache(options),
    },
  },
};
