import { BarkeepError } from '@barkeep/core';

/** What https://sqlite.org/fileformat2.html#the_database_header says of the bytes. */
const HEADER = {
  magic: 'SQLite format 3\0',
  length: 100,
  pageSizeAt: 16,
  versionsAt: 18,
  pageCountAt: 28,
} as const;
/** The file format versions of a database without, and with, a write-ahead log. */
const WITHOUT_WAL = 1;
const WITH_WAL = 2;

/**
 * The bytes of a database as sql.js can open them, changed in place, in a buffer of their own. It would
 * read zeros where pages are missing, and nothing at all in WAL mode; without its log such a database
 * is as any other, once its header says so.
 *
 * @throws BarkeepError `NOT_A_DATABASE` or `CORRUPT` naming where the bytes came from.
 */
export function usableImage(given: Uint8Array, name: string): Uint8Array {
  const isWhole = given.byteLength === given.buffer.byteLength;
  const bytes = isWhole ? given : new Uint8Array(given);
  if (bytes.length === 0) return bytes;
  if (!hasMagic(bytes)) {
    const message = `${name} is not an SQLite database`;
    throw new BarkeepError('NOT_A_DATABASE', message, { details: { path: name } });
  }
  assertWhole(bytes, name);
  const at = HEADER.versionsAt;
  if (bytes[at] === WITH_WAL && bytes[at + 1] === WITH_WAL) bytes.fill(WITHOUT_WAL, at, at + 2);
  return bytes;
}

function hasMagic(bytes: Uint8Array): boolean {
  const { magic } = HEADER;
  return magic === String.fromCharCode(...bytes.subarray(0, magic.length));
}

function assertWhole(bytes: Uint8Array, name: string): void {
  const expected = bytes.length < HEADER.length ? HEADER.length : lengthByHeader(bytes);
  if (bytes.length >= expected) return;
  throw new BarkeepError('CORRUPT', `${name} has been cut short`, {
    details: { path: name, bytes: bytes.length, expected },
  });
}

function lengthByHeader({ buffer, byteOffset, byteLength }: Uint8Array): number {
  const view = new DataView(buffer, byteOffset, byteLength);
  const pageSize = view.getUint16(HEADER.pageSizeAt);
  return (pageSize === 1 ? 65_536 : pageSize) * view.getUint32(HEADER.pageCountAt);
}
