import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '@barkeep/core';
import type { CopyTarget } from '@barkeep/sqlite-engine';
import { BetterSqlite3Driver } from './better-sqlite3-driver.ts';

/** A process, told from one that has its number later. */
export interface ProcessToken {
  readonly pid: number;
  readonly token: string;
}

const PARTIAL = /\.barkeep-(\d+)-([0-9a-f]+)-\d+\.partial(-journal|-wal|-shm)?$/;
/** Nobody works on a file for so long without writing to it. */
const ABANDONED_AFTER_MS = 3_600_000;

let made = 0;

/** A database under a temporary name beside the one that it is to have. */
export class PartialFile implements CopyTarget {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes an empty one, and removes those that processes have left in the directory which have ended.
   * @throws Error of the file system.
   */
  static create(to: string, mode: number, { pid, token }: ProcessToken): PartialFile {
    removeAbandoned(dirname(to), { pid, token });
    made += 1;
    const path = join(dirname(to), `.${basename(to)}.barkeep-${pid}-${token}-${made}.partial`);
    const file = fs.openSync(path, 'wx', mode & 0o777);
    try {
      // Whatever the process masks: who may read the database may read its copy, and nobody else.
      fs.fchmodSync(file, mode & 0o777);
    } finally {
      fs.closeSync(file);
    }
    return new PartialFile(path);
  }

  get bytes(): number {
    return fs.statSync(this.path).size;
  }

  open(): BetterSqlite3Driver {
    return new BetterSqlite3Driver({ path: this.path, busyTimeoutMs: 0 });
  }

  /** Brings it to the disk. To be called when nobody has it open. */
  sync(): void {
    syncFile(this.path);
  }

  /** Gives it its name, where nothing has that yet. @throws Error of the file system: `EEXIST`. */
  publish(to: string): void {
    try {
      fs.linkSync(this.path, to);
    } catch (error) {
      if (systemCode(error) === 'EEXIST' || fs.existsSync(to)) throw error;
      // Not every file system has links.
      fs.renameSync(this.path, to);
    }
    this.remove();
    syncDirectory(to);
  }

  /** Gives it its name, whatever has that. */
  replace(to: string): void {
    fs.renameSync(this.path, to);
    syncDirectory(to);
  }

  remove(): void {
    for (const suffix of ['', '-journal', '-wal', '-shm']) {
      fs.rmSync(`${this.path}${suffix}`, { force: true });
    }
  }
}

function removeAbandoned(directory: string, self: ProcessToken): void {
  for (const name of fs.readdirSync(directory)) {
    const [, pid, token] = PARTIAL.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(directory, name);
    const isOwn = Number(pid) === self.pid;
    const isUnderWay = isOwn ? token === self.token || isRecent(path) : isRunning(Number(pid));
    if (!isUnderWay) fs.rmSync(path, { force: true });
  }
}

function isRecent(path: string): boolean {
  const changed = fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - changed < ABANDONED_AFTER_MS;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

function syncFile(path: string): void {
  const file = fs.openSync(path, 'r+');
  try {
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

/** So that the name of a file survives a power cut. Windows has no such thing. */
function syncDirectory(file: string): void {
  if (process.platform === 'win32') return;
  const directory = fs.openSync(dirname(file), 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}
