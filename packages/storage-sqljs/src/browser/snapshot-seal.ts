/** The bytes of a database with the number of their save. */
export interface Snapshot {
  readonly generation: number;
  readonly bytes: Uint8Array;
}

/*
 * A sealed snapshot is the bytes of the database, and after them
 *
 *     8 bytes   "barkeep1"
 *     8 bytes   the generation, a double, big-endian
 *    32 bytes   SHA-256 of (SHA-256 of the database, and the 16 bytes above)
 *
 * SQLite looks at as many pages as the header counts, so the file is a database to it all the same.
 */
const MAGIC = new TextEncoder().encode('barkeep1');
const MARK_LENGTH = 16;
const DIGEST_LENGTH = 32;

/** What is to be written, in its order. */
export async function sealedSnapshot({
  generation,
  bytes,
}: Snapshot): Promise<Uint8Array<ArrayBuffer>[]> {
  const image = bytes as Uint8Array<ArrayBuffer>;
  const mark = new Uint8Array(MARK_LENGTH);
  mark.set(MAGIC);
  new DataView(mark.buffer).setFloat64(MAGIC.length, generation);
  return [image, mark, await digestOf(image, mark)];
}

/** `undefined` when the file is not one that was sealed, to its last bit. */
export async function unsealedSnapshot(
  file: Uint8Array<ArrayBuffer>,
): Promise<Snapshot | undefined> {
  const length = file.length - MARK_LENGTH - DIGEST_LENGTH;
  if (length < 0) return undefined;
  const bytes = file.slice(0, length);
  const mark = file.subarray(length, length + MARK_LENGTH);
  if (MAGIC.some((byte, i) => byte !== mark[i])) return undefined;
  const digest = await digestOf(bytes, mark);
  if (digest.some((byte, i) => byte !== file[length + MARK_LENGTH + i])) return undefined;
  const view = new DataView(mark.buffer, mark.byteOffset, mark.byteLength);
  return { generation: view.getFloat64(MAGIC.length), bytes };
}

/** In two steps, so that the database is not copied once more to stand beside its mark. */
async function digestOf(
  bytes: Uint8Array<ArrayBuffer>,
  mark: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const inner = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const both = new Uint8Array([...inner, ...mark]);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', both));
}
