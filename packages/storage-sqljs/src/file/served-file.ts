import { BarkeepError } from '@barkeep/core';
import { DatabaseFile } from './database-file.ts';

/** What a storage asks the thread of its database to do with the file: `load` first, `letGo` last. */
export type FileCalls = {
  load(path: string, readOnly: boolean): Promise<Uint8Array | undefined>;
  /** Saves the database that is open in the thread. */
  save(): Promise<void>;
  check(): Promise<void>;
  letGo(): Promise<void>;
};

/** The file of the database that a thread runs, if that has one. */
export class ServedFile {
  #file: DatabaseFile | undefined;

  /** The thread's side of the calls; `snapshot` gives the bytes to save. */
  calls(snapshot: () => Uint8Array): FileCalls {
    return {
      load: (path, readOnly) => {
        this.#file = new DatabaseFile(path, readOnly);
        return this.#file.load();
      },
      save: () => this.#loaded().save(snapshot()),
      check: () => this.#loaded().check(),
      letGo: async () => {
        await this.#file?.close();
        this.#file = undefined;
      },
    };
  }

  /** @throws BarkeepError as `DatabaseFile.check`. */
  assertCurrent(): void {
    this.#file?.assertCurrent();
  }

  #loaded(): DatabaseFile {
    if (this.#file !== undefined) return this.#file;
    throw new BarkeepError('INTERNAL', 'nothing has been loaded');
  }
}
