import type { CacheEntry } from '@barkeep/cache';
import { BarkeepError } from '@barkeep/core';
import { decodeValue, encodeValue } from '@barkeep/value-codec';
import { bytesFromText, bytesToText } from './bytes-as-text.ts';
import type { Stamp } from './invalidation-marks.ts';
import { textDigest } from './text-digest.ts';

/** An entry's label with the value still encoded. */
export interface StoredEntry extends Omit<CacheEntry, 'value'> {
  readonly stamp: Stamp;
  readonly data: string;
}

/** Three lines: the digest of the other two, the label as JSON, the value's bytes as Base64. */
export function encodeEntry({ key, value, expiresAt, tags }: CacheEntry, stamp: Stamp): string {
  // JSON has no Infinity.
  const until = expiresAt === Number.POSITIVE_INFINITY ? null : expiresAt;
  const lines = `${JSON.stringify([key, until, tags, stamp])}\n${bytesToText(encodeValue(value))}`;
  return `${textDigest(lines)}\n${lines}`;
}

/** @throws BarkeepError `CORRUPT` when it is not a whole, undamaged entry. */
export function decodeEntry(text: string): StoredEntry {
  const digestEnd = text.indexOf('\n');
  const lines = text.slice(digestEnd + 1);
  if (digestEnd === -1 || textDigest(lines) !== text.slice(0, digestEnd)) {
    throw new BarkeepError('CORRUPT', 'an entry in the Keyv store is damaged or foreign');
  }
  const labelEnd = lines.indexOf('\n');
  // What has passed its digest is what `encodeEntry` wrote.
  const [key, until, tags, stamp] = JSON.parse(lines.slice(0, labelEnd)) as [
    string,
    number | null,
    string[],
    Stamp,
  ];
  return {
    key,
    expiresAt: until ?? Number.POSITIVE_INFINITY,
    tags,
    stamp,
    data: lines.slice(labelEnd + 1),
  };
}

/** @throws BarkeepError `CORRUPT` */
export function entryOf({ key, expiresAt, tags, data }: StoredEntry): CacheEntry {
  return { key, expiresAt, tags, value: decodeValue(bytesFromText(data)) };
}
