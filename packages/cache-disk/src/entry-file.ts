import { crc32 } from 'node:zlib';
import type { CacheEntry } from '@barkeep/cache';
import { BarkeepError } from '@barkeep/core';
import { decodeValue, encodeValue } from '@barkeep/value-codec';

/**
 * A file holds a header of six 32-bit numbers, little-endian (signature, version, bytes of the label,
 * bytes of the value, CRC-32 of the label, CRC-32 of the value), then the label (JSON), then the value.
 */
const SIGNATURE = 0x45_43_4b_42;
const VERSION = 2;
export const HEADER_BYTES = 24;

/** What a file says of its entry besides the value. */
export interface EntryLabel extends Omit<CacheEntry, 'value'> {}

interface Header {
  readonly labelBytes: number;
  readonly valueBytes: number;
  readonly labelChecksum: number;
  readonly valueChecksum: number;
}

export function encodeEntry({ key, value, expiresAt, tags }: CacheEntry): Buffer {
  // JSON has no Infinity.
  const until = expiresAt === Number.POSITIVE_INFINITY ? null : expiresAt;
  const label = Buffer.from(JSON.stringify([key, until, tags]));
  const data = encodeValue(value);
  const header = Buffer.alloc(HEADER_BYTES);
  const fields = [SIGNATURE, VERSION, label.length, data.length, crc32(label), crc32(data)];
  for (const [i, field] of fields.entries()) header.writeUInt32LE(field, i * 4);
  return Buffer.concat([header, label, data]);
}

/** @throws BarkeepError `CORRUPT` when the bytes are not a whole, undamaged file. */
export function decodeEntry(file: Buffer): CacheEntry {
  const { labelBytes, valueChecksum } = readHeader(file, file.length);
  const label = decodeLabel(file, file.length);
  const data = file.subarray(HEADER_BYTES + labelBytes);
  if (crc32(data) !== valueChecksum) throw damaged('the value fails its checksum');
  return { ...label, value: decodeValue(data) };
}

/** How many bytes of a file its label ends at. @throws BarkeepError `CORRUPT` */
export function labelEnd(start: Buffer, fileBytes: number): number {
  return HEADER_BYTES + readHeader(start, fileBytes).labelBytes;
}

/** From the first bytes of a file, which reach to the label's end at least. @throws BarkeepError `CORRUPT` */
export function decodeLabel(start: Buffer, fileBytes: number): EntryLabel {
  const { labelBytes, labelChecksum } = readHeader(start, fileBytes);
  const label = start.subarray(HEADER_BYTES, HEADER_BYTES + labelBytes);
  if (crc32(label) !== labelChecksum) throw damaged('the label fails its checksum');
  // What has passed its checksum is what `encodeEntry` wrote.
  const [key, until, tags] = JSON.parse(label.toString()) as [string, number | null, string[]];
  return { key, expiresAt: until ?? Number.POSITIVE_INFINITY, tags };
}

function readHeader(start: Buffer, fileBytes: number): Header {
  if (start.length < HEADER_BYTES) throw damaged('the header is cut off');
  const field = (i: number): number => start.readUInt32LE(i * 4);
  if (field(0) !== SIGNATURE || field(1) !== VERSION) throw damaged('it is no entry of a cache');
  const header = {
    labelBytes: field(2),
    valueBytes: field(3),
    labelChecksum: field(4),
    valueChecksum: field(5),
  };
  if (HEADER_BYTES + header.labelBytes + header.valueBytes !== fileBytes) {
    throw damaged('it has the wrong length');
  }
  return header;
}

function damaged(reason: string): BarkeepError {
  return new BarkeepError('CORRUPT', `a file of the cache is damaged: ${reason}`);
}
