import * as fs from 'node:fs';
import * as paths from 'node:path';
import { fileFailure } from '@barkeep/core';
import type { Persister } from '@barkeep/sqlite-engine';
import {
  type DatabaseLocation,
  locateDatabase,
  OpenDatabaseFiles,
  type ThreadClient,
} from '@barkeep/sqlite-engine';
import type { DatabaseFile } from './database-file.ts';
import type { FileCalls } from './served-file.ts';

/**
 * A database file that the database's thread works on, where waiting for a lock and comparing pages hold
 * nobody up. Here is what concerns the whole process: no other storage may have the file open.
 */
export class ThreadFile implements Persister {
  readonly name: string;
  readonly readOnly: boolean;
  readonly #thread: ThreadClient<FileCalls>;
  #entry: DatabaseLocation | undefined;

  constructor({ name, readOnly }: DatabaseFile, thread: ThreadClient<FileCalls>) {
    this.name = name;
    this.readOnly = readOnly;
    this.#thread = thread;
  }

  async load(): Promise<Uint8Array | undefined> {
    this.#enter();
    const bytes = await this.#thread.call('load', [this.name, this.readOnly]);
    if (this.readOnly) this.#leave();
    // By now there is a file, which may be reached by other names.
    else this.#enter();
    return bytes;
  }

  /** Saves what the thread has: no other bytes ever get here. */
  async save(): Promise<void> {
    return this.#thread.call('save', []);
  }

  async check(): Promise<void> {
    return this.#thread.call('check', []);
  }

  async close(): Promise<void> {
    try {
      await this.#thread.call('letGo', []);
    } finally {
      this.#leave();
    }
  }

  #enter(): void {
    const found = this.#located();
    this.#leave();
    OpenDatabaseFiles.add(found, 'exclusive');
    this.#entry = found;
  }

  #leave(): void {
    if (this.#entry !== undefined) OpenDatabaseFiles.release(this.#entry);
    this.#entry = undefined;
  }

  #located(): DatabaseLocation {
    try {
      return locateDatabase(this.name, { fs, path: paths });
    } catch (error) {
      throw fileFailure(error, this.name, 'CANNOT_OPEN');
    }
  }
}
