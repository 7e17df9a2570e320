import * as fs from 'node:fs';
import * as paths from 'node:path';
import { fileFailure } from '@barkeep/core';
import {
  type DatabaseLocation,
  locateDatabase,
  OpenDatabaseFiles,
  pathWithLog,
} from '@barkeep/sqlite-engine';
import { assertUsablePath } from './database-path.ts';

/** A database file that is among those that this process has open, until it is released. */
export class HeldDatabaseFile {
  #location: DatabaseLocation;

  private constructor(location: DatabaseLocation) {
    this.#location = location;
  }

  /**
   * Finds the file that a path leads to and checks that a database can live there.
   * @throws BarkeepError `CANNOT_OPEN`, `READ_ONLY`, `CORRUPT`; `BUSY` when the process has it open
   * for itself alone.
   */
  static hold(path: string): HeldDatabaseFile {
    const location = located(path);
    assertUsablePath(location.path);
    OpenDatabaseFiles.add(location);
    return new HeldDatabaseFile(location);
  }

  /** The real path, by which SQLite is to open it. */
  get path(): string {
    return this.#location.path;
  }

  /** Device and inode; `undefined` while there is no file. */
  get inode(): string | undefined {
    return this.#location.inode;
  }

  /** To be called when SQLite has opened it, and made it where there was none. */
  identify(inode: string | undefined): void {
    const before = this.#location;
    this.#location = { ...before, inode };
    OpenDatabaseFiles.add(this.#location);
    OpenDatabaseFiles.release(before);
  }

  release(): void {
    OpenDatabaseFiles.release(this.#location);
  }
}

function located(path: string): DatabaseLocation {
  try {
    const lookup = { fs, path: paths };
    const location = locateDatabase(path, lookup);
    const inUse = OpenDatabaseFiles.pathOf(location);
    return { ...location, path: inUse ?? pathWithLog(location, lookup) };
  } catch (error) {
    throw fileFailure(error, path, 'CANNOT_OPEN');
  }
}
