import type { KeptEntry } from './kept-entry.ts';

/** Which entries carry a tag. */
export class TagIndex {
  readonly #entriesByTag = new Map<string, Set<KeptEntry>>();

  add(entry: KeptEntry): void {
    for (const tag of entry.tags) {
      const tagged = this.#entriesByTag.get(tag);
      if (tagged === undefined) this.#entriesByTag.set(tag, new Set([entry]));
      else tagged.add(entry);
    }
  }

  remove(entry: KeptEntry): void {
    for (const tag of entry.tags) {
      const tagged = this.#entriesByTag.get(tag);
      tagged?.delete(entry);
      if (tagged?.size === 0) this.#entriesByTag.delete(tag);
    }
  }

  /** The entries with at least one of the tags, each once. */
  entriesWith(tags: readonly string[]): KeptEntry[] {
    const found = new Set<KeptEntry>();
    for (const tag of tags) {
      for (const entry of this.#entriesByTag.get(tag) ?? []) found.add(entry);
    }
    return [...found];
  }
}
