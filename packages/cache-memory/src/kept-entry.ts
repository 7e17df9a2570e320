import { type CacheEntry, estimateBytes } from '@barkeep/cache';
import { decodeValue, encodeValue } from '@barkeep/value-codec';

/** A value as its bytes, compressed where it has candle series. */
class EncodedValue {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** An entry whose value is kept as bytes. */
interface EncodedEntry extends Omit<CacheEntry, 'value'> {
  readonly value: EncodedValue;
}

export type KeptEntry = CacheEntry | EncodedEntry;

/** The entry's object, its places in the maps and the order of use, measured on V8 with room to spare. */
const ENTRY_BYTES = 224;
const TAG_BYTES = 64;

/** Encodes the value of an entry when it takes more than so many bytes, and fewer so. */
export function keptEntry(entry: CacheEntry, encodeAboveBytes: number): KeptEntry {
  const bytes = encodeAboveBytes === Number.POSITIVE_INFINITY ? 0 : estimateBytes(entry.value);
  if (bytes <= encodeAboveBytes) return entry;
  const encoded = encodeValue(entry.value);
  return estimateBytes(encoded) < bytes ? { ...entry, value: new EncodedValue(encoded) } : entry;
}

/** The entry as it was given, or an equal one. */
export function givenEntry(kept: KeptEntry): CacheEntry {
  return isAsGiven(kept) ? kept : { ...kept, value: decodeValue(kept.value.bytes) };
}

/** About how many bytes an entry takes in the cache, with its key and its places in the indexes. */
export function entryBytes({ key, value, tags }: KeptEntry): number {
  const tagBytes = tags.reduce((sum, tag) => sum + TAG_BYTES + 2 * tag.length, 0);
  const valueBytes = estimateBytes(value instanceof EncodedValue ? value.bytes : value);
  return ENTRY_BYTES + 2 * key.length + valueBytes + tagBytes;
}

function isAsGiven(kept: KeptEntry): kept is CacheEntry {
  return !(kept.value instanceof EncodedValue);
}
