import type { FileHandle } from 'node:fs/promises';
import { type Original, type Page, RollbackJournal } from './rollback-journal.ts';
import { readWhole, writeWhole } from './whole-transfer.ts';

/** https://sqlite.org/fileformat2.html#the_database_header */
const PAGE_SIZE_AT = 16;
/** Two numbers by which other connections know that what they remember of the file is outdated. */
const CHANGES_AT = 24;
const VALID_FOR_AT = 92;
/** The page of SQLite's locks has nothing else in it, and Windows lets nobody touch it. */
const LOCKS_AT = 0x4000_0000;
/** How much is compared at a time: a multiple of every page size. */
const STRETCH = 1_048_576;

/**
 * Makes a database file hold other bytes, by writing the pages that differ. Until it resolves, a journal
 * beside the file says how to undo that: when it throws, or the process ends, the next connection that
 * opens the file finds it as it was. To be called while nobody else has a lock on it.
 *
 * @param bytes A whole database; its count of changes is made to go on from that of the file.
 * @throws Error of the file system.
 */
export async function replacePages(
  path: string,
  file: FileHandle,
  bytes: Uint8Array,
): Promise<void> {
  const original = await originalOf(file);
  const { size, pages, pageSize, firstPage } = original;
  const changes = viewOf(firstPage).getUint32(CHANGES_AT);
  setChanges(bytes, changes);
  const numbers = [1];
  let journal: RollbackJournal | undefined;
  try {
    for await (const differing of differingPages(file, bytes, original)) {
      journal ??= await RollbackJournal.create(path, original);
      await journal.add(differing);
      for (const { number } of differing) numbers.push(number);
    }
    const isSame = journal === undefined && bytes.length === size;
    if (isSame && isEqual(firstPage, bytes.subarray(0, pageSize))) return;
    setChanges(bytes, changes + 1);
    journal ??= await RollbackJournal.create(path, original);
    await journal.add([{ number: 1, bytes: firstPage }]);
    await journal.seal();
    for (let next = pages + 1; (next - 1) * pageSize < bytes.length; next += 1) {
      if (!holdsLocks(next, pageSize)) numbers.push(next);
    }
    await writePages(file, bytes, numbers, pageSize);
    if (bytes.length < size) await file.truncate(bytes.length);
    await file.sync();
    await journal.drop();
  } finally {
    await journal?.close();
  }
}

interface OriginalFile extends Original {
  readonly size: number;
  readonly firstPage: Uint8Array;
}

async function originalOf(file: FileHandle): Promise<OriginalFile> {
  const { size, mode, uid, gid } = await file.stat();
  const header = viewOf(await readWhole(file, PAGE_SIZE_AT, 2));
  const pageSize = header.getUint16(0) === 1 ? 65_536 : header.getUint16(0);
  const firstPage = await readWhole(file, 0, pageSize);
  return { size, mode, uid, gid, pageSize, firstPage, pages: Math.floor(size / pageSize) };
}

/** The pages of the file that are to change, save the first; those at its end that are to go, too. */
async function* differingPages(
  file: FileHandle,
  bytes: Uint8Array,
  { pages, pageSize }: Original,
): AsyncGenerator<Page[], void, void> {
  for (let from = 0; from < pages * pageSize; from += STRETCH) {
    const old = await readWhole(file, from, Math.min(STRETCH, pages * pageSize - from));
    const fresh = bytes.subarray(from, from + old.length);
    if (isEqual(old, fresh)) continue;
    const differing: Page[] = [];
    for (let at = 0; at < old.length; at += pageSize) {
      const number = (from + at) / pageSize + 1;
      const page = { number, bytes: old.subarray(at, at + pageSize) };
      if (number === 1 || holdsLocks(number, pageSize)) continue;
      if (!isEqual(page.bytes, fresh.subarray(at, at + pageSize))) differing.push(page);
    }
    if (differing.length > 0) yield differing;
  }
}

/** Those that follow each other at once. The numbers ascend; beyond the end of the bytes is nothing to write. */
async function writePages(
  file: FileHandle,
  bytes: Uint8Array,
  numbers: readonly number[],
  pageSize: number,
): Promise<void> {
  for (let i = 0; i < numbers.length; ) {
    const first = numbers[i] ?? 0;
    let count = 1;
    while (numbers[i + count] === first + count) count += 1;
    const from = (first - 1) * pageSize;
    await writeWhole(file, bytes.subarray(from, from + count * pageSize), from);
    i += count;
  }
}

function holdsLocks(number: number, pageSize: number): boolean {
  return (number - 1) * pageSize === LOCKS_AT;
}

function setChanges(bytes: Uint8Array, changes: number): void {
  viewOf(bytes).setUint32(CHANGES_AT, changes);
  viewOf(bytes).setUint32(VALID_FOR_AT, changes);
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
