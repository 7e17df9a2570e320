import { ConformanceError } from '../assertions.ts';

/** Of the image of a database, as plain data. */
export interface ImageSpec {
  readonly pages: number;
  readonly pageSize: number;
  readonly seed: number;
  /** Only so many of its bytes: then it is no database. */
  readonly cut?: number | undefined;
}

/** A database without tables, whose other pages are free ones: those may have any content. */
export function databaseImage({ pages, pageSize, seed, cut }: ImageSpec): Uint8Array {
  const words = new Uint32Array((pages * pageSize) / 4);
  for (let i = pageSize / 4, state = seed + 1; i < words.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state;
  }
  const bytes = new Uint8Array(words.buffer);
  const view = new DataView(words.buffer);
  // https://sqlite.org/fileformat2.html
  bytes.set(new TextEncoder().encode('SQLite format 3\0'));
  bytes.set([pageSize >>> 8, pageSize >>> 16, 1, 1, 0, 64, 32, 32], 16);
  const free = pages > 1 ? 2 : 0;
  for (const [i, value] of [1, pages, free, pages - 1, 0, 4, 0, 0, 1, seed + 1].entries()) {
    view.setUint32(24 + i * 4, value);
  }
  view.setUint32(92, 1);
  bytes.set([0x0d, 0, 0, 0, 0, pageSize >>> 8], 100);
  for (let page = 2; page <= pages; page += 1) {
    const at = (page - 1) * pageSize;
    view.setUint32(at, page < pages ? page + 1 : 0);
    view.setUint32(at + 4, 0);
  }
  return bytes.subarray(0, cut);
}

/** Asserts equality byte for byte, save for the header's two counters of changes. */
export function assertImage(bytes: Uint8Array | undefined, spec: ImageSpec, what: string): void {
  const expected = databaseImage(spec);
  const isCounter = (i: number): boolean => (i >= 24 && i < 28) || (i >= 92 && i < 96);
  const at = expected.findIndex((byte, i) => byte !== bytes?.[i] && !isCounter(i));
  if (at === -1 && bytes?.length === expected.length) return;
  const found = bytes === undefined ? 'nothing' : `${bytes.length}, other ones from ${at} on`;
  throw new ConformanceError(`${what}: expected the ${expected.length} bytes saved, got ${found}`);
}
