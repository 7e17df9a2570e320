import { BarkeepError } from '@barkeep/core';
import { DatabaseFile } from './database-file.ts';

/** What a storage asks the thread of its database to do with the file: `load` first, `letGo` last. */
export type FileCalls = {
  load(path: string): Promise<Uint8Array | undefined>;
  save(bytes: Uint8Array): Promise<void>;
  check(): Promise<void>;
  letGo(): Promise<void>;
};

/** The thread's side. */
export function fileCalls(): FileCalls {
  let file: DatabaseFile | undefined;
  const loaded = (): DatabaseFile => {
    if (file !== undefined) return file;
    throw new BarkeepError('INTERNAL', 'nothing has been loaded');
  };
  return {
    load: (path) => {
      file = new DatabaseFile(path);
      return file.load();
    },
    save: (bytes) => loaded().save(bytes),
    check: () => loaded().check(),
    letGo: async () => {
      await file?.close();
      file = undefined;
    },
  };
}
