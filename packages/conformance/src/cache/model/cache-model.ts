import type { CacheSelector, CacheValue, CacheWrite } from '@barkeep/cache';
import type { Clock } from '@barkeep/core';
import type { CacheChange } from './cache-command.ts';

interface ModelEntry extends CacheWrite {
  readonly expiresAt: number;
  /** The same in the time that passes, whatever the wall clock is set to. */
  readonly deadline: number;
}

/** What a cache that never forgets does, in the plainest way. */
export class CacheModel {
  readonly #clock: Required<Clock>;
  readonly #entries = new Map<string, ModelEntry>();

  constructor(clock: Required<Clock>) {
    this.#clock = clock;
  }

  /** Returns what the call resolves with. */
  change(change: CacheChange): unknown {
    switch (change.kind) {
      case 'set':
        return this.#set(change);
      case 'set-many':
        for (const entry of change.entries) this.#set(entry);
        return undefined;
      case 'delete':
        return this.#live().delete(change.key);
      case 'invalidate':
        return this.#invalidate(change.selector);
      case 'clear':
        return this.#entries.clear();
    }
  }

  get(key: string): CacheValue | undefined {
    return this.#live().get(key)?.value;
  }

  keys(prefix = ''): string[] {
    return [...this.#live().keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  #set(entry: CacheWrite): void {
    const now = this.#clock.now();
    const { ttlMs = Number.POSITIVE_INFINITY, expiresAt = now + ttlMs } = entry;
    const deadline = this.#clock.monotonic() + (expiresAt - now);
    this.#entries.set(entry.key, { ...entry, expiresAt, deadline });
  }

  #invalidate(selector: CacheSelector): number {
    const selected = [...this.#live().values()].filter(({ key, tags = [] }) =>
      'prefix' in selector
        ? key.startsWith(selector.prefix)
        : selector.tags.some((tag) => tags.includes(tag)),
    );
    for (const { key } of selected) this.#entries.delete(key);
    return selected.length;
  }

  #live(): Map<string, ModelEntry> {
    for (const [key, { expiresAt, deadline }] of this.#entries) {
      const isOver = expiresAt <= this.#clock.now() || deadline <= this.#clock.monotonic();
      if (isOver) this.#entries.delete(key);
    }
    return this.#entries;
  }
}
