/**
 * A disk of a few megabytes for tests that fill one: a tmpfs, which root can mount on Linux. Where that
 * is not possible such tests are skipped, and those that inject the fault remain:
 *
 *     it.skipIf(!hasTinyDisk())('…', () => withTinyDisk(2_000_000, async (disk) => { … }));
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TinyDisk {
  /** Where it is mounted. */
  readonly directory: string;
  /** Leaves no more than so many bytes free, until `free` is called. Default: none. */
  fill(leftBytes?: number): void;
  free(): void;
}

/** A disk that somebody has to unmount. */
export interface MountedTinyDisk extends TinyDisk {
  unmount(): void;
}

let answer: boolean | undefined;

/** Whether a disk can be mounted here; says so in one line where not. */
export function hasTinyDisk(): boolean {
  answer ??= tryMount();
  return answer;
}

/** Mounts a disk of so many bytes for as long as `work` takes. */
export async function withTinyDisk<T>(
  bytes: number,
  work: (disk: TinyDisk) => Promise<T>,
): Promise<T> {
  const disk = mountTinyDisk(bytes);
  try {
    return await work(disk);
  } finally {
    disk.unmount();
  }
}

/** Mounts a disk of so many bytes until `unmount`, or the end of the process. @throws Error where it cannot. */
export function mountTinyDisk(bytes: number): MountedTinyDisk {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-disk-'));
  // A test that runs out of time never comes back to where it unmounts.
  const remove = (): void => unmount(directory);
  const forget = (): void => {
    process.off('exit', remove);
    remove();
  };
  process.once('exit', remove);
  try {
    mount(directory, bytes);
  } catch (error) {
    forget();
    throw error;
  }
  return { ...tinyDisk(directory), unmount: forget };
}

function tinyDisk(directory: string): TinyDisk {
  const ballast = join(directory, 'ballast');
  const free = (): void => rmSync(ballast, { force: true });
  return {
    directory,
    fill: (leftBytes = 0) => {
      free();
      const { bavail, bsize } = statfsSync(directory);
      try {
        writeFileSync(ballast, new Uint8Array(Math.max(0, bavail * bsize - leftBytes)));
      } catch (error) {
        // Somebody else was faster: it is as full as can be.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    free,
  };
}

function tryMount(): boolean {
  try {
    mountTinyDisk(100_000).unmount();
    return true;
  } catch (error) {
    console.warn(`skipped the tests that fill a disk: ${(error as Error).message}`);
    return false;
  }
}

function mount(directory: string, bytes: number): void {
  const options = ['-t', 'tmpfs', '-o', `size=${bytes}`, 'barkeep-test', directory];
  const { status, error, stderr } = spawnSync('mount', options, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cannot mount a tmpfs: ${error?.message ?? stderr.trim()}`);
}

/** Lazily: what still has a file open keeps the disk, but nobody finds it any more. */
function unmount(directory: string): void {
  spawnSync('umount', ['--lazy', directory], { stdio: 'ignore' });
  rmSync(directory, { recursive: true, force: true });
}
