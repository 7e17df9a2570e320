import type { CacheSelector, CacheValue, CacheWrite } from '@barkeep/cache';
import type { Clock } from '@barkeep/core';

interface ModelEntry {
  readonly value: CacheValue;
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

/** What a cache that never forgets does, in the plainest way. */
export class CacheModel {
  readonly #clock: Clock;
  readonly #entries = new Map<string, ModelEntry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set({ key, value, ttlMs = Number.POSITIVE_INFINITY, expiresAt, tags = [] }: CacheWrite): void {
    this.#entries.set(key, { value, expiresAt: expiresAt ?? this.#clock.now() + ttlMs, tags });
  }

  get(key: string): CacheValue | undefined {
    return this.#live().get(key)?.value;
  }

  delete(key: string): boolean {
    return this.#live().delete(key);
  }

  invalidate(selector: CacheSelector): number {
    const selected = [...this.#live()].filter(([key, { tags }]) =>
      'prefix' in selector
        ? key.startsWith(selector.prefix)
        : selector.tags.some((tag) => tags.includes(tag)),
    );
    for (const [key] of selected) this.#entries.delete(key);
    return selected.length;
  }

  keys(prefix: string): string[] {
    return [...this.#live().keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  #live(): Map<string, ModelEntry> {
    for (const [key, { expiresAt }] of this.#entries) {
      if (expiresAt <= this.#clock.now()) this.#entries.delete(key);
    }
    return this.#entries;
  }
}
