import { BarkeepError, invalidInput } from '@barkeep/core';
import { APPLICATION_ID } from '@barkeep/sqlite-engine';

/** What https://sqlite.org/fileformat2.html#the_database_header says of the bytes. */
const HEADER = {
  magic: 'SQLite format 3\0',
  length: 100,
  pageSizeAt: 16,
  versionsAt: 18,
  pageCountAt: 28,
  applicationAt: 68,
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
  if (!hasMagic(bytes)) throw notADatabase(`${name} is not an SQLite database`, name);
  assertWhole(bytes, name);
  const at = HEADER.versionsAt;
  if (bytes[at] === WITH_WAL && bytes[at + 1] === WITH_WAL) bytes.fill(WITHOUT_WAL, at, at + 2);
  return bytes;
}

/**
 * Keeps what is no database from replacing one that is.
 * @throws BarkeepError `INVALID_INPUT`, `NOT_A_DATABASE` or `CORRUPT` naming what would be replaced.
 */
export function assertDatabase(bytes: unknown, name: string): asserts bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array)) {
    throw invalidInput({ field: 'bytes', rule: 'must be a Uint8Array', value: bytes });
  }
  if (!hasMagic(bytes)) throw notADatabase('not saved: this is no SQLite database', name);
  assertWhole(bytes, name);
  const application = viewOf(bytes).getUint32(HEADER.applicationAt);
  if (application === 0 || application === APPLICATION_ID) return;
  throw notADatabase('not saved: this is the SQLite database of another application', name);
}

function notADatabase(message: string, name: string): BarkeepError {
  return new BarkeepError('NOT_A_DATABASE', message, { details: { path: name } });
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

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function lengthByHeader(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  const pageSize = view.getUint16(HEADER.pageSizeAt);
  return (pageSize === 1 ? 65_536 : pageSize) * view.getUint32(HEADER.pageCountAt);
}
