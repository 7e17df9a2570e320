import { assertTrue } from '../assertions.ts';

/** Of an image of a database, as plain data. */
export interface ImageSpec {
  readonly pages: number;
  readonly seed: number;
  readonly pageSize?: number;
}

/** https://sqlite.org/fileformat2.html: numbers of the header, of four bytes each. */
const COUNTERS = [24, 92];

/** A database without tables whose other pages are free ones: those may have any content. */
export function databaseImage({ pages, seed, pageSize = 4_096 }: ImageSpec): Uint8Array {
  const words = new Uint32Array((pages * pageSize) / 4);
  let state = seed + 1;
  for (let i = pageSize / 4; i < words.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state;
  }
  const bytes = new Uint8Array(words.buffer);
  const view = new DataView(words.buffer);
  bytes.set(new TextEncoder().encode('SQLite format 3\0'));
  view.setUint16(16, pageSize === 65_536 ? 1 : pageSize);
  bytes.set([1, 1, 0, 64, 32, 32], 18);
  const numbers = {
    24: 1,
    28: pages,
    32: pages > 1 ? 2 : 0,
    36: pages - 1,
    44: 4,
    56: 1,
    60: seed + 1,
  };
  for (const [at, value] of Object.entries(numbers)) view.setUint32(Number(at), value);
  view.setUint32(92, 1);
  bytes[100] = 0x0d;
  view.setUint16(105, pageSize % 65_536);
  const most = pageSize / 4 - 8;
  for (let trunk = 2, next = 2; trunk <= pages; trunk = next) {
    const leaves = Math.min(most, pages - trunk);
    next = trunk + leaves + 1;
    const at = (trunk - 1) * pageSize;
    view.setUint32(at, next <= pages ? next : 0);
    view.setUint32(at + 4, leaves);
    for (let i = 1; i <= leaves; i += 1) view.setUint32(at + 4 + i * 4, trunk + i);
  }
  return bytes;
}

/** Byte for byte, save for the counters of changes. */
export function isSameImage(one: Uint8Array | undefined, other: Uint8Array): boolean {
  if (one?.length !== other.length) return false;
  const isCounter = (i: number): boolean => COUNTERS.some((at) => i >= at && i < at + 4);
  return one.every((byte, i) => byte === other[i] || isCounter(i));
}

export function assertImage(bytes: Uint8Array | undefined, spec: ImageSpec, what: string): void {
  const expected = databaseImage(spec);
  if (isSameImage(bytes, expected)) return;
  const at = bytes?.findIndex((byte, i) => byte !== expected[i] && !COUNTERS.includes(i - (i % 4)));
  const found = bytes === undefined ? 'nothing' : `${bytes.length} bytes that differ at ${at}`;
  assertTrue(
    false,
    `${what} is the database of ${expected.length} bytes that was saved, not ${found}`,
  );
}
