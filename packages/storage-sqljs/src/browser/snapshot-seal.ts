import { xxh32 } from '@barkeep/segment-codec';

/** The bytes of a database with the number of their save. */
export interface Snapshot {
  readonly generation: number;
  readonly bytes: Uint8Array;
}

/*
 * A sealed snapshot is the bytes of the database, and after them
 *
 *     8 bytes   "barkeep2"
 *     8 bytes   the generation, a double
 *     4 bytes   XXH32 of the database
 *     4 bytes   XXH32 of the 20 bytes above
 *
 * with numbers in big-endian order. SQLite looks at as many pages as the header counts, so the file is a
 * database to it all the same. The checksum is one that needs no waiting: see `LockedPersister.save`.
 */
const MAGIC = new TextEncoder().encode('barkeep2');
const MARK = { generation: 8, image: 16, mark: 20, length: 24 } as const;

/** What is to be written, in its order. */
export function sealedSnapshot({ generation, bytes }: Snapshot): Uint8Array<ArrayBuffer>[] {
  const image = aligned(bytes);
  const mark = new Uint8Array(MARK.length);
  mark.set(MAGIC);
  const view = new DataView(mark.buffer);
  view.setFloat64(MARK.generation, generation);
  view.setInt32(MARK.image, checksum(image));
  view.setInt32(MARK.mark, checksum(mark.slice(0, MARK.mark)));
  return [image, mark];
}

/** `undefined` when the file is not one that was sealed, to its last bit. */
export function unsealedSnapshot(file: Uint8Array<ArrayBuffer>): Snapshot | undefined {
  const length = file.length - MARK.length;
  if (length < 0) return undefined;
  const bytes = file.slice(0, length);
  const mark = file.slice(length);
  const view = new DataView(mark.buffer);
  const isWhole =
    MAGIC.every((byte, i) => byte === mark[i]) &&
    view.getInt32(MARK.mark) === checksum(mark.slice(0, MARK.mark)) &&
    view.getInt32(MARK.image) === checksum(bytes);
  return isWhole ? { generation: view.getFloat64(MARK.generation), bytes } : undefined;
}

function checksum(bytes: Uint8Array<ArrayBuffer>): number {
  const words = new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2);
  return xxh32(words, bytes, 0, bytes.length);
}

/** In a buffer of its own, as the checksum needs it. */
function aligned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength;
  return isWhole ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
