import { type CacheEntry, estimateBytes } from '@barkeep/cache';

/** The entry's object, its places in the maps and the order of use, measured on V8 with room to spare. */
const ENTRY_BYTES = 224;
const TAG_BYTES = 64;

/** About how many bytes an entry takes in the cache, with its key and its places in the indexes. */
export function entryBytes({ key, value, tags }: CacheEntry): number {
  const tagBytes = tags.reduce((sum, tag) => sum + TAG_BYTES + 2 * tag.length, 0);
  return ENTRY_BYTES + 2 * key.length + estimateBytes(value) + tagBytes;
}
