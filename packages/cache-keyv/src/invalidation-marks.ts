import type { CacheEntry } from '@barkeep/cache';
import { allSettled } from './all-settled.ts';
import type { KeyvAccess } from './keyv-access.ts';
import { MarkReader } from './mark-reader.ts';
import type { StoreNames } from './store-names.ts';

/** The lengths of prefixes are looked up so many at a time. */
const LENGTHS_AT_A_TIME = 64;

/** What the store says at an instant; what it has lost, or never had, is `undefined`. */
export interface Generation {
  readonly root: string | undefined;
  readonly tagEpoch: string | undefined;
  readonly prefixEpoch: string | undefined;
}

export interface PreparedGeneration {
  readonly root: string;
  readonly tagEpoch: string;
  readonly prefixEpoch: string;
}

/** What the store said when an entry was written. */
export type Stamp = readonly [
  root: string,
  tagEpoch: string,
  prefixEpoch: string,
  tagMarks: string,
  prefixMarks: string,
];

type Marked = Pick<CacheEntry, 'key' | 'tags'>;

/**
 * Invalidation without changing what it invalidates, right for any number of processes on stores
 * that can only get and set. Each tag and each prefix has a mark, a random text that an invalidation
 * replaces; an entry carries the marks from before it was written, and is valid while they are the
 * same. No invalidation reads what it replaces, so none can undo another.
 *
 * Two epochs tell when nothing was invalidated since an entry was written, as is most often so, and
 * then no mark is read.
 */
export class InvalidationMarks {
  readonly #access: KeyvAccess;
  readonly #names: StoreNames;
  readonly #ttlMs: number;
  readonly #tagMarks: MarkReader;
  readonly #prefixMarks: MarkReader;

  /** @param ttlMs How long marks live: longer than any entry. */
  constructor(access: KeyvAccess, names: StoreNames, ttlMs: number) {
    this.#access = access;
    this.#names = names;
    this.#ttlMs = ttlMs;
    this.#tagMarks = new MarkReader(access);
    this.#prefixMarks = new MarkReader(access);
  }

  /** The names of what a generation is made of: read with whatever else is needed. */
  get generationNames(): readonly [string, string, string] {
    return [this.#names.root, this.#names.tagEpoch, this.#names.prefixEpoch];
  }

  static generationOf([root, tagEpoch, prefixEpoch]: readonly (string | undefined)[]): Generation {
    return { root, tagEpoch, prefixEpoch };
  }

  /** Makes what entries that are about to be written need: a root, epochs, and a mark for each tag. */
  async prepare(tags: readonly string[], found: Generation): Promise<PreparedGeneration> {
    const [root, tagEpoch, prefixEpoch] = await allSettled([
      found.root ?? this.replaceRoot(),
      found.tagEpoch ?? this.#replace(this.#names.tagEpoch),
      found.prefixEpoch ?? this.#replace(this.#names.prefixEpoch),
    ]);
    // Only now: marks must be read after their epoch.
    await this.#makeTagMarks(tags, tagEpoch);
    return { root, tagEpoch, prefixEpoch };
  }

  /** The stamp of an entry that is written after it. */
  async stamp({ key, tags }: Marked, generation: PreparedGeneration): Promise<Stamp> {
    const { root, tagEpoch, prefixEpoch } = generation;
    const tagMarks = await this.#tagMarksOf(tags, tagEpoch);
    const prefixMarks = await this.#prefixMarksOf(key, prefixEpoch);
    return [root, tagEpoch, prefixEpoch, tagMarks, prefixMarks];
  }

  /** Whether nothing that selects the entry was invalidated since its stamp was made. */
  async isValid({ key, tags }: Marked, stamp: Stamp, generation: Generation): Promise<boolean> {
    const [root, tagEpoch, prefixEpoch, tagMarks, prefixMarks] = stamp;
    if (root !== generation.root) return false;
    if (tagEpoch !== generation.tagEpoch) {
      if (tagMarks !== (await this.#tagMarksOf(tags, generation.tagEpoch))) return false;
    }
    if (prefixEpoch === generation.prefixEpoch) return true;
    return prefixMarks === (await this.#prefixMarksOf(key, generation.prefixEpoch));
  }

  /** Invalidates everything. */
  replaceRoot(): Promise<string> {
    return this.#replace(this.#names.root);
  }

  /** The same, whatever the store has in their places. */
  async replaceGeneration(): Promise<void> {
    await allSettled(this.generationNames.map((name) => this.#replace(name)));
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    await this.#access.setMany(
      tags.map((tag) => [this.#names.tagMark(tag), newMark(), this.#ttlMs]),
    );
    await this.#replace(this.#names.tagEpoch);
  }

  async invalidatePrefix(prefix: string): Promise<void> {
    await this.#access.setMany([
      [this.#names.prefixMark(prefix), newMark(), this.#ttlMs],
      [this.#names.prefixLength(prefix.length), 'used', this.#ttlMs],
    ]);
    await this.#replace(this.#names.prefixEpoch);
  }

  async #replace(name: string): Promise<string> {
    const mark = newMark();
    await this.#access.setMany([[name, mark]]);
    return mark;
  }

  /** A tag without a mark has lost it, or is new: entries from before are then misses. */
  async #makeTagMarks(tags: readonly string[], tagEpoch: string): Promise<void> {
    const names = [...new Set(tags)].map((tag) => this.#names.tagMark(tag));
    const marks = await this.#tagMarks.read(names, tagEpoch);
    const made = names
      .filter((_, i) => marks[i] === undefined)
      .map((name) => [name, newMark()] as const);
    await this.#access.setMany(made.map(([name, mark]) => [name, mark, this.#ttlMs]));
    for (const [name, mark] of made) this.#tagMarks.learn(name, mark, tagEpoch);
  }

  async #tagMarksOf(tags: readonly string[], tagEpoch: string | undefined): Promise<string> {
    const names = tags.map((tag) => this.#names.tagMark(tag));
    return (await this.#tagMarks.read(names, tagEpoch)).join();
  }

  async #prefixMarksOf(key: string, prefixEpoch: string | undefined): Promise<string> {
    const lengths = await this.#usedLengths(key.length, prefixEpoch);
    const prefixes = lengths
      .map((length) => key.slice(0, length))
      .filter((prefix) => prefix.isWellFormed());
    const names = prefixes.map((prefix) => this.#names.prefixMark(prefix));
    const marks = await this.#prefixMarks.read(names, prefixEpoch);
    return marks
      .map((mark, i) => (mark === undefined ? '' : `${prefixes[i]?.length}=${mark}`))
      .filter((mark) => mark !== '')
      .join();
  }

  /** The lengths up to `longest` of prefixes that were invalidated. */
  async #usedLengths(longest: number, prefixEpoch: string | undefined): Promise<number[]> {
    const most = Math.ceil(longest / LENGTHS_AT_A_TIME) * LENGTHS_AT_A_TIME;
    const lengths = Array.from({ length: most }, (_, i) => i + 1);
    const names = lengths.map((length) => this.#names.prefixLength(length));
    const used = await this.#prefixMarks.read(names, prefixEpoch);
    return lengths.filter((length, i) => used[i] !== undefined && length <= longest);
  }
}

/** Never the same twice. */
function newMark(): string {
  const words = crypto.getRandomValues(new Uint32Array(3));
  return [...words].map((word) => word.toString(36)).join('-');
}
