import type { CacheSelector, CacheSetOptions, CacheValue, CacheWrite } from '@barkeep/cache';
import type { Clock } from '@barkeep/core';

interface ModelEntry extends CacheWrite {
  readonly expiresAt: number;
  /** The same in the time that passes, whatever the wall clock is set to. */
  readonly deadline: number;
}

/** What a cache counts of its calls. */
export type CacheCounts = Record<'hits' | 'misses' | 'writes' | 'deletes', number>;

/** What a cache that never forgets does, in the plainest way. Its methods are those of a cache. */
export class CacheModel {
  counts: CacheCounts = { hits: 0, misses: 0, writes: 0, deletes: 0 };
  /** Every key that was ever written. */
  readonly written: Set<string> = new Set();
  readonly #clock: Required<Clock>;
  readonly #entries = new Map<string, ModelEntry>();

  constructor(clock: Required<Clock>) {
    this.#clock = clock;
  }

  set(key: string, value: CacheValue, options: CacheSetOptions = {}): void {
    this.setMany([{ ...options, key, value }]);
  }

  setMany(entries: readonly CacheWrite[]): void {
    const now = this.#clock.now();
    for (const entry of entries) {
      const { key, ttlMs = Number.POSITIVE_INFINITY, expiresAt = now + ttlMs } = entry;
      const deadline = this.#clock.monotonic() + (expiresAt - now);
      this.#entries.set(key, { ...entry, expiresAt, deadline });
      this.written.add(key);
    }
    // Of equal keys in a batch one is written.
    this.counts.writes += new Set(entries.map(({ key }) => key)).size;
  }

  delete(key: string): boolean {
    return this.#remove((one) => one.key === key) > 0;
  }

  invalidate(selector: CacheSelector): number {
    return this.#remove(({ key, tags = [] }) =>
      'prefix' in selector
        ? key.startsWith(selector.prefix)
        : selector.tags.some((tag) => tags.includes(tag)),
    );
  }

  clear(): void {
    this.#entries.clear();
  }

  get(key: string): CacheValue | undefined {
    return this.getMany([key])[0];
  }

  getMany(keys: readonly string[]): (CacheValue | undefined)[] {
    const live = this.#live();
    const found = keys.filter((key) => live.has(key)).length;
    this.counts.hits += found;
    this.counts.misses += keys.length - found;
    return keys.map((key) => live.get(key)?.value);
  }

  keys(prefix: string): string[] {
    return [...this.#live().keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  #remove(isSelected: (entry: ModelEntry) => boolean): number {
    const selected = [...this.#live().values()].filter(isSelected);
    for (const { key } of selected) this.#entries.delete(key);
    this.counts.deletes += selected.length;
    return selected.length;
  }

  #live(): ReadonlyMap<string, ModelEntry> {
    for (const [key, { expiresAt, deadline }] of this.#entries) {
      const isOver = expiresAt <= this.#clock.now() || deadline <= this.#clock.monotonic();
      if (isOver) this.#entries.delete(key);
    }
    return this.#entries;
  }
}
