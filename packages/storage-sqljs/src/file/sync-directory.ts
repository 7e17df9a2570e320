import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** So that the name of a file survives a power cut. Windows has no such thing. */
export async function syncDirectory(file: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(dirname(file), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
