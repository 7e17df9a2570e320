import type { CacheEntry } from '@barkeep/cache';

/** Which entries carry a tag. */
export class TagIndex {
  readonly #entriesByTag = new Map<string, Set<CacheEntry>>();

  add(entry: CacheEntry): void {
    for (const tag of entry.tags) {
      const tagged = this.#entriesByTag.get(tag);
      if (tagged === undefined) this.#entriesByTag.set(tag, new Set([entry]));
      else tagged.add(entry);
    }
  }

  remove(entry: CacheEntry): void {
    for (const tag of entry.tags) {
      const tagged = this.#entriesByTag.get(tag);
      tagged?.delete(entry);
      if (tagged?.size === 0) this.#entriesByTag.delete(tag);
    }
  }

  /** The entries with at least one of the tags, each once. */
  entriesWith(tags: readonly string[]): CacheEntry[] {
    const found = new Set<CacheEntry>();
    for (const tag of tags) {
      for (const entry of this.#entriesByTag.get(tag) ?? []) found.add(entry);
    }
    return [...found];
  }
}
