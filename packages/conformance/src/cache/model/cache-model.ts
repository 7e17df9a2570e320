import type { CacheSelector, CacheValue, CacheWrite } from '@barkeep/cache';
import type { Clock } from '@barkeep/core';

interface ModelEntry {
  readonly value: CacheValue;
  readonly expiresAt: number;
  /** The same in the time that passes, whatever the wall clock is set to. */
  readonly deadline: number;
  readonly tags: readonly string[];
}

/** What a cache that never forgets does, in the plainest way. */
export class CacheModel {
  readonly #clock: Required<Clock>;
  readonly #entries = new Map<string, ModelEntry>();

  constructor(clock: Required<Clock>) {
    this.#clock = clock;
  }

  set({ key, value, ttlMs = Number.POSITIVE_INFINITY, expiresAt, tags = [] }: CacheWrite): void {
    const now = this.#clock.now();
    const instant = expiresAt ?? now + ttlMs;
    const deadline = this.#clock.monotonic() + (instant - now);
    this.#entries.set(key, { value, expiresAt: instant, deadline, tags });
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

  clear(): void {
    this.#entries.clear();
  }

  keys(prefix = ''): string[] {
    return [...this.#live().keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  #live(): Map<string, ModelEntry> {
    for (const [key, { expiresAt, deadline }] of this.#entries) {
      const isOver = expiresAt <= this.#clock.now() || deadline <= this.#clock.monotonic();
      if (isOver) this.#entries.delete(key);
    }
    return this.#entries;
  }
}
