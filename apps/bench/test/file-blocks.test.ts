import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOfFiles, FileBlocks } from '../src/file-blocks.ts';

const BLOCK = 4_096;

let directory: string;
let file: string;
let before: FileBlocks;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'barkeep-bench-test-'));
  await mkdir(join(directory, 'inner'));
  file = join(directory, 'inner', 'data');
  await writeFile(file, new Uint8Array(2.5 * BLOCK));
  before = await FileBlocks.of(directory);
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('FileBlocks', () => {
  it('finds no difference where there is none', async () => {
    expect(await changedBytes()).toBe(0);
  });

  it('counts the block of a single bit, and a block that was added', async () => {
    const bytes = new Uint8Array(2.5 * BLOCK);
    bytes[BLOCK] = 1;
    await writeFile(file, bytes);
    expect(await changedBytes()).toBe(BLOCK);
    await writeFile(file, new Uint8Array([...bytes, ...new Uint8Array(BLOCK)]));
    expect(await changedBytes()).toBe(3 * BLOCK);
  });

  it('counts all of a new file, also one that takes the place of an equal one', async () => {
    await writeFile(`${file}.new`, new Uint8Array(2.5 * BLOCK));
    expect(await changedBytes()).toBe(3 * BLOCK);
    await rename(`${file}.new`, file);
    expect(await changedBytes()).toBe(3 * BLOCK);
  });

  it('ignores what connections tell each other', async () => {
    await writeFile(join(directory, 'data.sqlite3-shm'), 'x');
    await writeFile(join(directory, 'lock.mdb'), 'x');
    expect(await changedBytes()).toBe(0);
  });
});

it('bytesOfFiles adds up all files', async () => {
  await writeFile(join(directory, 'more'), 'four');
  expect(await bytesOfFiles(directory)).toBe(2.5 * BLOCK + 4);
});

async function changedBytes(): Promise<number> {
  return (await FileBlocks.of(directory)).bytesUnlike(before);
}
