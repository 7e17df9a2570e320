import { hash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const BLOCK = 4_096;
/** Where connections tell each other what they are doing: nothing that is stored. */
const COORDINATION = /-shm$|^lock\.mdb$/;

/** What the files of a directory hold, block by block, at one moment. */
export class FileBlocks {
  readonly #blocks: ReadonlyMap<string, readonly string[]>;

  private constructor(blocks: ReadonlyMap<string, readonly string[]>) {
    this.#blocks = blocks;
  }

  static async of(directory: string): Promise<FileBlocks> {
    const blocks = new Map<string, readonly string[]>();
    for (const path of await filesIn(directory)) {
      const { ino } = await stat(path);
      blocks.set(`${path} ${ino}`, await blocksOf(path));
    }
    return new FileBlocks(blocks);
  }

  /** The bytes of all blocks that an earlier moment did not have in the same place of the same file. */
  bytesUnlike(earlier: FileBlocks): number {
    let unlike = 0;
    for (const [file, blocks] of this.#blocks) {
      const before = earlier.#blocks.get(file) ?? [];
      unlike += blocks.filter((block, index) => block !== before[index]).length;
    }
    return unlike * BLOCK;
  }
}

/** The bytes of all files in a directory, as long as they are. */
export async function bytesOfFiles(directory: string): Promise<number> {
  const sizes = (await filesIn(directory)).map(async (path) => (await stat(path)).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !COORDINATION.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function blocksOf(path: string): Promise<string[]> {
  const file = await open(path);
  try {
    const blocks: string[] = [];
    for await (const block of file.createReadStream({ highWaterMark: BLOCK, autoClose: false })) {
      blocks.push(hash('sha1', block));
    }
    return blocks;
  } finally {
    await file.close();
  }
}
