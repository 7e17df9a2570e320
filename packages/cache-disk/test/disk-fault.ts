import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { mountTinyDisk } from '../../../tools/tiny-disk.ts';

/** A directory on a disk that can be made to fail, and to work again. */
export interface FaultyDisk {
  /** Of the cache; not there yet. */
  readonly directory: string;
  begin(): void;
  end(): void;
}

/** What is said to a write where no real disk can be made to fail. */
export type Inject = (failure: 'ENOSPC' | 'EROFS' | undefined) => void;

const DISK_BYTES = 1_048_576;
const PAGE = new Uint8Array(4_096);
/** Nobody's, on every system that has one. */
const ANOTHER_USER = 65_534;

let reported = false;

/** A disk of one mebibyte that is full from `begin` to `end`. */
export function fullDisk(inject: Inject): FaultyDisk {
  const mount = mountDisk();
  if (mount === undefined) return injected(inject, 'ENOSPC');
  const ballast = join(mount, 'ballast');
  return {
    directory: join(mount, 'cache'),
    begin: () => {
      try {
        for (;;) writeFileSync(ballast, PAGE, { flag: 'a' });
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    end: () => rmSync(ballast),
  };
}

/** A disk that is mounted read-only from `begin` to `end`. */
export function readOnlyDisk(inject: Inject): FaultyDisk {
  const mount = mountDisk();
  if (mount === undefined) return injected(inject, 'EROFS');
  const remount = (mode: 'ro' | 'rw'): void => {
    execFileSync('mount', ['-o', `remount,${mode}`, mount]);
  };
  return {
    directory: join(mount, 'cache'),
    begin: () => remount('ro'),
    end: () => remount('rw'),
  };
}

/** A directory that may be read and not be written from `begin` to `end`: for root, by becoming someone else. */
export function forbiddenDirectory(): FaultyDisk {
  const parent = temporaryDirectory();
  chmodSync(parent, 0o755);
  const directory = join(parent, 'cache');
  const isRoot = process.geteuid?.() === 0;
  const end = (): void => {
    if (isRoot) process.seteuid?.(0);
    chmodSync(directory, 0o700);
  };
  onTestFinished(() => {
    if (isRoot) process.seteuid?.(0);
  });
  return {
    directory,
    begin: () => {
      mkdirSync(directory, { recursive: true });
      for (const name of readdirSync(directory)) chmodSync(join(directory, name), 0o444);
      chmodSync(directory, 0o555);
      if (isRoot) process.seteuid?.(ANOTHER_USER);
    },
    end,
  };
}

/** Where the disk is mounted; `undefined` where nobody may. */
function mountDisk(): string | undefined {
  try {
    const { directory, unmount } = mountTinyDisk(DISK_BYTES);
    onTestFinished(unmount);
    return directory;
  } catch {
    if (!reported) console.warn('no right to mount a disk here: its faults are injected instead');
    reported = true;
    return undefined;
  }
}

function injected(inject: Inject, failure: 'ENOSPC' | 'EROFS'): FaultyDisk {
  onTestFinished(() => inject(undefined));
  return {
    directory: join(temporaryDirectory(), 'cache'),
    begin: () => inject(failure),
    end: () => inject(undefined),
  };
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-cache-disk-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
