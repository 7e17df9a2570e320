import {
  AbstractDataCache,
  type CacheCapabilities,
  type CacheEntry,
  type CacheSelector,
  type CacheUsage,
  estimateBytes,
} from '@barkeep/cache';
import { BarkeepError, type Clock } from '@barkeep/core';

/** Stands for what cannot be read. */
export const DAMAGED = 'damaged';

export const MAX_ENTRIES = 2_200;
const MAX_BYTES = 4 * 1_024 * 1_024;

export interface ReferenceOptions {
  readonly clock: Clock;
  /** Where the entries are. Default: in a `Map` of its own. */
  readonly entries?: Map<string, CacheEntry> | undefined;
  readonly capabilities?: Partial<CacheCapabilities> | undefined;
}

/** The least that keeps every promise of the cache contract: what bugs are planted in. */
export class ReferenceCache extends AbstractDataCache {
  protected entries: Map<string, CacheEntry>;
  readonly #keepsDeadlines: boolean;
  readonly #sizes = new WeakMap<CacheEntry, number>();

  constructor({ clock, entries, capabilities }: ReferenceOptions) {
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
    this.entries = entries ?? new Map();
    this.#keepsDeadlines = this.capabilities.sharing === 'process';
  }

  protected override get keepsDeadlines(): boolean {
    return this.#keepsDeadlines;
  }

  damage(key: string): void {
    const entry = this.entries.get(key);
    if (entry !== undefined) this.entries.set(key, { ...entry, value: DAMAGED });
  }

  protected _get(key: string): CacheEntry | undefined {
    const entry = this.entries.get(key);
    if (entry?.value === DAMAGED) throw new BarkeepError('CORRUPT', 'it cannot be read');
    return entry;
  }

  protected _set(entry: CacheEntry): void | Promise<void> {
    if (this.bytesOf(entry) > MAX_BYTES) {
      this.entries.delete(entry.key);
      this.countRejection();
      return;
    }
    this.entries.delete(entry.key);
    this.entries.set(entry.key, entry);
    this.evict();
  }

  protected _delete(key: string): boolean {
    const entry = this.entries.get(key);
    this.entries.delete(key);
    return entry !== undefined && this.isLive(entry);
  }

  protected _invalidate(selector: CacheSelector): number {
    const selected = [...this.entries.values()].filter((entry) => this.isSelected(entry, selector));
    return selected.filter(({ key }) => this._delete(key)).length;
  }

  protected _clear(): void {
    this.entries.clear();
  }

  protected _keys(prefix: string): string[] {
    return [...this.entries.values()]
      .filter((entry) => this.startsWith(entry.key, prefix) && this.isLive(entry))
      .map(({ key }) => key);
  }

  protected _sweep(): number {
    const expired = [...this.entries.values()].filter((entry) => !this.isLive(entry));
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
    let bytes = 0;
    for (const entry of this.entries.values()) bytes += this.bytesOf(entry);
    return bytes;
  }

  protected bytesOf(entry: CacheEntry): number {
    const bytes = this.#sizes.get(entry) ?? 2 * entry.key.length + estimateBytes(entry.value);
    this.#sizes.set(entry, bytes);
    return bytes;
  }
}
