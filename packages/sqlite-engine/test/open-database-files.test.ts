import { OpenDatabaseFiles } from '@barkeep/sqlite-engine';
import { afterEach, expect, it } from 'vitest';
import { thrownBy } from './test-database.ts';

const A = { path: '/data/a.sqlite3', inode: '1:10' };
const HARD_LINK = { path: '/data/b.sqlite3', inode: '1:10' };
const OTHER = { path: '/data/c.sqlite3', inode: '2:10' };

afterEach(() => {
  for (const file of [A, HARD_LINK, OTHER]) {
    while (OpenDatabaseFiles.has(file)) OpenDatabaseFiles.release(openAs(file));
  }
});

/** Whatever entry stands for the file. */
function openAs(file: typeof A): typeof A {
  const path = OpenDatabaseFiles.pathOf(file) ?? '';
  return { path, inode: path === OTHER.path ? OTHER.inode : A.inode };
}

it('knows a file by its path and by its inode, as often as it was entered', () => {
  OpenDatabaseFiles.add(A);
  OpenDatabaseFiles.add(A);
  expect([A, HARD_LINK, OTHER].map((file) => OpenDatabaseFiles.has(file))).toEqual([
    true,
    true,
    false,
  ]);
  expect(OpenDatabaseFiles.pathOf(HARD_LINK)).toBe(A.path);
  OpenDatabaseFiles.release(A);
  expect(OpenDatabaseFiles.has({ path: A.path, inode: undefined })).toBe(true);
  OpenDatabaseFiles.release(A);
  expect(OpenDatabaseFiles.has(A)).toBe(false);
});

it('takes two files that do not exist yet for different ones', () => {
  const [first, second] = ['/data/x', '/data/y'].map((path) => ({ path, inode: undefined }));
  if (first === undefined || second === undefined) expect.unreachable();
  OpenDatabaseFiles.add(first);
  expect(OpenDatabaseFiles.has(second)).toBe(false);
  OpenDatabaseFiles.release(first);
});

it.each([
  ['exclusive', 'shared'],
  ['shared', 'exclusive'],
  ['exclusive', 'exclusive'],
] as const)('refuses a file that is open for %s use for %s use: BUSY', (before, use) => {
  OpenDatabaseFiles.add(A, before);
  expect(thrownBy(() => OpenDatabaseFiles.add(HARD_LINK, use)).code).toBe('BUSY');
  OpenDatabaseFiles.release(A);
  OpenDatabaseFiles.add(HARD_LINK, use);
  OpenDatabaseFiles.release(HARD_LINK);
});

it('is one list for every copy of the module in a process', async () => {
  const copy: typeof import('../src/open-database-files.ts') = await import(
    // @ts-expect-error The query makes another module of the same file.
    '../src/open-database-files.ts?copy'
  );
  expect(copy.OpenDatabaseFiles).not.toBe(OpenDatabaseFiles);
  copy.OpenDatabaseFiles.add(OTHER);
  expect(OpenDatabaseFiles.has(OTHER)).toBe(true);
});
