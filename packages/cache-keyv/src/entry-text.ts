import type { CacheEntry } from '@barkeep/cache';
import { BarkeepError } from '@barkeep/core';
import { decodeValue, encodeValue } from '@barkeep/value-codec';
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

/** As many arguments as every engine takes in one call. */
const CHUNK = 8_192;

/** Base64: the one form of bytes that every Keyv store and serializer keeps. */
function bytesToText(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(binary);
}

/** @throws DOMException when the text is not Base64. */
function bytesFromText(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
