import { textDigest } from './text-digest.ts';

/** Databases keep keys of 255 characters, and Keyv puts its own namespace in front. */
const LONGEST_READABLE = 128;

/**
 * What the cache's things are called in the store: readable where the name is short. No name has a
 * colon, because Keyv 5 takes a key that begins with its namespace and a colon for prefixed.
 *
 * Two long names with one digest share a place: the entry of one is then a miss, and an
 * invalidation of one forgets the other too.
 */
export class StoreNames {
  /** Replaced by `clear`; an entry of another root is no entry. */
  readonly root: string;
  /** Replaced by every invalidation of tags, after the tags' marks. */
  readonly tagEpoch: string;
  /** Replaced by every invalidation of a prefix, after the prefix' mark. */
  readonly prefixEpoch: string;
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
    this.root = this.#name('g', 'root');
    this.tagEpoch = this.#name('g', 'tags');
    this.prefixEpoch = this.#name('g', 'prefixes');
  }

  entry(key: string): string {
    return this.#name('e', key);
  }

  tagMark(tag: string): string {
    return this.#name('t', tag);
  }

  prefixMark(prefix: string): string {
    return this.#name('p', prefix);
  }

  /** There when a prefix of so many characters was invalidated. */
  prefixLength(length: number): string {
    return this.#name('l', `${length}`);
  }

  shard(shard: number): string {
    return this.#name('i', `${shard}`);
  }

  #name(kind: string, name: string): string {
    const readable = name.length <= LONGEST_READABLE ? encodeURIComponent(name) : undefined;
    const isShort = readable !== undefined && readable.length <= LONGEST_READABLE;
    return `${this.#namespace}~${kind}~${isShort ? readable : `~${textDigest(name)}`}`;
  }
}
