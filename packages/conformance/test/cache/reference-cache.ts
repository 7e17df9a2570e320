import {
  AbstractDataCache,
  type CacheCapabilities,
  type CacheEntry,
  type CacheSelector,
  type CacheUsage,
  estimateBytes,
} from '@barkeep/cache';
import type { Clock, EpochMs } from '@barkeep/core';

const MAX_ENTRIES = 200;
const MAX_BYTES = 4 * 1_024 * 1_024;

/** The least that keeps every promise of the cache contract: what bugs are planted in. */
export class ReferenceCache extends AbstractDataCache {
  protected entries: Map<string, CacheEntry> = new Map();

  constructor(clock: Clock, capabilities: Partial<CacheCapabilities> = {}) {
    super(
      'reference-cache',
      {
        sharing: 'process',
        persistent: false,
        platforms: ['node', 'browser'],
        maxEntries: MAX_ENTRIES,
        maxBytes: MAX_BYTES,
        ...capabilities,
      },
      { clock },
    );
  }

  protected _get(key: string): CacheEntry | undefined {
    return this.entries.get(key);
  }

  protected _set(entry: CacheEntry): void | Promise<void> {
    this.entries.delete(entry.key);
    if (bytesOf(entry) > MAX_BYTES) {
      this.countRejection();
      return;
    }
    this.entries.set(entry.key, entry);
    this.evict();
  }

  protected _delete(key: string, now: EpochMs): boolean {
    const entry = this.entries.get(key);
    this.entries.delete(key);
    return entry !== undefined && entry.expiresAt > now;
  }

  protected _invalidate(selector: CacheSelector, now: EpochMs): number {
    const selected = [...this.entries.values()].filter((entry) => this.isSelected(entry, selector));
    return selected.filter(({ key }) => this._delete(key, now)).length;
  }

  protected _clear(): void {
    this.entries.clear();
  }

  protected _keys(prefix: string, now: EpochMs): string[] {
    return [...this.entries.values()]
      .filter(({ key, expiresAt }) => this.startsWith(key, prefix) && expiresAt > now)
      .map(({ key }) => key);
  }

  protected _sweep(now: EpochMs): number {
    const expired = [...this.entries.values()].filter(({ expiresAt }) => expiresAt <= now);
    for (const { key } of expired) this.entries.delete(key);
    return expired.length;
  }

  protected _usage(): CacheUsage {
    return { entries: this.entries.size, bytes: this.bytes() };
  }

  protected isSelected({ key, tags }: CacheEntry, selector: CacheSelector): boolean {
    return 'prefix' in selector
      ? this.startsWith(key, selector.prefix)
      : selector.tags.some((tag) => tags.includes(tag));
  }

  protected startsWith(key: string, prefix: string): boolean {
    return key.startsWith(prefix);
  }

  protected evict(): void {
    while (this.entries.size > MAX_ENTRIES || this.bytes() > MAX_BYTES) {
      const [oldest] = this.entries.keys();
      if (oldest === undefined) return;
      this.entries.delete(oldest);
      this.countEvictions(1);
    }
  }

  protected bytes(): number {
    return [...this.entries.values()].reduce((sum, entry) => sum + bytesOf(entry), 0);
  }
}

function bytesOf({ key, value }: CacheEntry): number {
  return 2 * key.length + estimateBytes(value);
}
