import type { CacheEntry, CacheSelector, CacheUsage, CacheValue } from '@barkeep/cache';
import { lastingBug, type PlantedCacheBug, type ReferenceClass } from './plant-cache-bug.ts';
import { MAX_ENTRIES } from './reference-cache.ts';

/** A copy of entries that hands changes on to where they came from, or some of them. */
class Copy extends Map<string, CacheEntry> {
  protected readonly below: Map<string, CacheEntry>;

  constructor(below: Map<string, CacheEntry>) {
    super();
    this.below = below;
    for (const entry of below.values()) super.set(entry.key, entry);
  }

  override set(key: string, entry: CacheEntry): this {
    this.below.set(key, entry);
    return super.set(key, entry);
  }

  override delete(key: string): boolean {
    this.below.delete(key);
    return super.delete(key);
  }

  override clear(): void {
    this.below.clear();
    super.clear();
  }
}

class ForgetfulCopy extends Copy {
  override delete(key: string): boolean {
    return Map.prototype.delete.call(this, key);
  }
}

class LateCopy extends Copy {
  readonly #changes: (() => unknown)[] = [];

  override set(key: string, entry: CacheEntry): this {
    this.later(() => this.below.set(key, entry));
    return Map.prototype.set.call(this, key, entry) as this;
  }

  override delete(key: string): boolean {
    this.later(() => this.below.delete(key));
    return Map.prototype.delete.call(this, key);
  }

  override clear(): void {
    this.later(() => this.below.clear());
    Map.prototype.clear.call(this);
  }

  save(): void {
    for (const change of this.#changes.splice(0)) change();
  }

  protected later(change: () => unknown): void {
    this.#changes.push(change);
  }
}

class CopyOneBehind extends LateCopy {
  protected override later(change: () => unknown): void {
    this.save();
    super.later(change);
  }
}

/** Caches that declare to be persistent and shared, and are so only half. */
export const plantedClaimBugs: readonly PlantedCacheBug[] = [
  lastingBug('declares to last and keeps everything in memory', 'names/alike', {
    Cache: (base) =>
      class extends base {
        protected override entries = new Map<string, CacheEntry>();
      },
  }),
  lastingBug('empties the place it is opened over', 'names/alike', {
    Cache: opening(({ entries }) => entries.clear()),
  }),
  lastingBug('sees of other handles only what was there when it was opened', 'model/shared', {
    Cache: copying(Copy),
  }),
  lastingBug('stores everything when it is closed', 'processes/changes', {
    Cache: copying(LateCopy),
  }),
  lastingBug('stores each change with the next one', 'model/shared', {
    Cache: copying(CopyOneBehind),
  }),
  lastingBug('brings back what was removed when it is opened again', 'names/alike', {
    Cache: copying(ForgetfulCopy),
  }),
  lastingBug('forgets expiries when it is opened again', 'expiry/edge', {
    Cache: opening(({ entries }) => {
      for (const entry of [...entries.values()]) {
        entries.set(entry.key, { ...entry, expiresAt: Number.POSITIVE_INFINITY });
      }
    }),
  }),
  lastingBug('begins lives anew when it is opened again', 'expiry/edge', {
    Cache: opening(({ entries, now }) => {
      for (const entry of [...entries.values()]) {
        const expiresAt = entry.expiresAt > now ? entry.expiresAt + 60_000 : entry.expiresAt;
        entries.set(entry.key, { ...entry, expiresAt });
      }
    }),
  }),
  lastingBug('joins names in two Unicode forms when it is opened again', 'names/alike', {
    Cache: opening(({ entries }) => {
      for (const entry of [...entries.values()]) {
        entries.delete(entry.key);
        entries.set(entry.key.normalize('NFC'), entry);
      }
    }),
  }),
  lastingBug('invalidates by tag only what it has written itself', 'processes/changes', {
    Cache: (base) =>
      class extends base {
        readonly #own = new Set<string>();

        protected override _set(entry: CacheEntry): void | Promise<void> {
          this.#own.add(entry.key);
          return super._set(entry);
        }
        protected override isSelected(entry: CacheEntry, selector: CacheSelector): boolean {
          if ('tags' in selector && !this.#own.has(entry.key)) return false;
          return super.isSelected(entry, selector);
        }
      },
  }),
  lastingBug('clears only what it has written itself', 'model/shared', {
    Cache: (base) =>
      class extends base {
        readonly #own = new Set<string>();

        protected override _set(entry: CacheEntry): void | Promise<void> {
          this.#own.add(entry.key);
          return super._set(entry);
        }
        protected override _clear(): void {
          for (const key of this.#own) this.entries.delete(key);
        }
      },
  }),
  lastingBug('counts only what it has written itself', 'model/shared', {
    Cache: (base) =>
      class extends base {
        readonly #own = new Set<string>();

        protected override _set(entry: CacheEntry): void | Promise<void> {
          this.#own.add(entry.key);
          return super._set(entry);
        }
        protected override _usage(): CacheUsage {
          const own = [...this.#own].filter((key) => this.entries.has(key));
          return { ...super._usage(), entries: own.length };
        }
      },
  }),
  lastingBug('forgets its bound when it is opened again', 'bounds/entries', {
    Cache: (base) =>
      class extends base {
        #written = 0;

        protected override _set(entry: CacheEntry): void | Promise<void> {
          this.#written += 1;
          return super._set(entry);
        }
        protected override evict(): void {
          if (this.#written > MAX_ENTRIES) super.evict();
        }
      },
  }),
  lastingBug('answers from what it has read before', 'model/shared', {
    Cache: (base) =>
      class extends base {
        readonly #read = new Map<string, CacheEntry>();

        protected override _get(key: string): CacheEntry | undefined {
          const entry = this.#read.get(key) ?? super._get(key);
          if (entry !== undefined) this.#read.set(key, entry);
          return entry;
        }
        protected override _set(entry: CacheEntry): void | Promise<void> {
          this.#read.delete(entry.key);
          return super._set(entry);
        }
        protected override _delete(key: string): boolean {
          this.#read.delete(key);
          return super._delete(key);
        }
        protected override _clear(): void {
          this.#read.clear();
          super._clear();
        }
      },
  }),
  lastingBug('remembers misses though others may write', 'model/shared', {
    Cache: (base) =>
      class extends base {
        readonly #missed = new Set<string>();

        protected override _get(key: string): CacheEntry | undefined {
          const entry = this.#missed.has(key) ? undefined : super._get(key);
          if (entry === undefined) this.#missed.add(key);
          return entry;
        }
        protected override _set(entry: CacheEntry): void | Promise<void> {
          this.#missed.delete(entry.key);
          return super._set(entry);
        }
      },
  }),
  lastingBug('replaces a value in two steps', 'processes/changes', {
    Cache: (base) =>
      class extends base {
        protected override async _set(entry: CacheEntry): Promise<void> {
          const before = this.entries.get(entry.key);
          if (before !== undefined) {
            super._set({ ...entry, value: halfOf(entry.value, before.value) });
            await new Promise((resolve) => setTimeout(resolve, 1));
          }
          await super._set(entry);
        }
      },
  }),
  lastingBug('cuts what is longer than 64 KiB when it is read back', 'values/every-kind', {
    Log: (base) =>
      class extends base {
        protected override loaded(entry: CacheEntry): CacheEntry {
          const { value } = entry;
          if (!(value instanceof Uint8Array)) return entry;
          return { ...entry, value: value.subarray(0, 65_535) };
        }
      },
  }),
  lastingBug('resolves a write that failed below', 'faults/told', {
    Cache: (base) =>
      class extends base {
        protected override async _set(entry: CacheEntry): Promise<void> {
          try {
            await super._set(entry);
          } catch {}
        }
      },
  }),
  lastingBug('resolves a clear that failed below', 'faults/told', {
    Cache: (base) =>
      class extends base {
        protected override _clear(): void {
          try {
            super._clear();
          } catch {}
        }
      },
  }),
  lastingBug('says it has invalidated what it could not remove', 'faults/told', {
    Cache: (base) =>
      class extends base {
        protected override _invalidate(selector: CacheSelector): number {
          try {
            return super._invalidate(selector);
          } catch {
            return 1;
          }
        }
      },
  }),
];

interface Opened {
  readonly entries: Map<string, CacheEntry>;
  readonly now: number;
}

function opening(work: (opened: Opened) => void): (base: ReferenceClass) => ReferenceClass {
  return (base) =>
    class extends base {
      protected override _start(): void {
        work({ entries: this.entries, now: this.clock.now() });
      }
    };
}

function copying(Kind: typeof Copy): (base: ReferenceClass) => ReferenceClass {
  return (base) =>
    class extends base {
      protected override _start(): void {
        this.entries = new Kind(this.entries);
      }
      protected override _stop(): void {
        if (this.entries instanceof LateCopy) this.entries.save();
      }
    };
}

/** The first half of a value before the second half of another. */
function halfOf(value: CacheValue, before: CacheValue): CacheValue {
  if (typeof value === 'string' && typeof before === 'string') {
    return value.slice(0, value.length / 2) + before.slice(before.length / 2);
  }
  if (value instanceof Uint8Array && before instanceof Uint8Array) {
    const half = Uint8Array.from(before);
    half.set(value.subarray(0, Math.min(value.length, before.length) / 2));
    return half;
  }
  return before;
}
