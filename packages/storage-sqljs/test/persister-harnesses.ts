import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { HarnessContext, KeptPlace, PersisterHarness } from '@barkeep/conformance/sqlite';
import type { Persister } from '@barkeep/sqlite-engine';
import { DatabaseFile } from '../src/file/database-file.ts';

const NAME = 'database.sqlite3';

/** In a module of its own, because processes that the suite starts read it, too. */
export const harnesses: readonly PersisterHarness[] = [
  databaseFileHarness('database file', import.meta.url),
];

/** The harness of a file, or of what a test makes of it; `module` exports it among `harnesses`. */
export function databaseFileHarness(
  name: string,
  module: string,
  wrap: (file: Persister) => Persister = (file) => file,
): PersisterHarness {
  return {
    name,
    module,
    create: ({ directory }) => wrap(new DatabaseFile(join(directory, NAME))),
    // Elsewhere the file system may take names that are alike for one.
    ...(process.platform === 'linux' && {
      createAt: (file: string, { directory }: HarnessContext) =>
        wrap(new DatabaseFile(join(directory, file))),
    }),
    faults: {
      'no room for all of it': () => failing('write', 3, 'ENOSPC'),
      'a disk that fails when pages are synced': () => failing('sync', 3, 'EIO'),
      'a disk that fails when the journal is dropped': () => failing('sync', 4, 'EIO'),
    },
    damages: {
      'another file in its place': (_: KeptPlace, { directory }: HarnessContext) => {
        writeFileSync(join(directory, 'other'), new Uint8Array(4_096));
        renameSync(join(directory, 'other'), join(directory, NAME));
      },
      'no file any more': (_: KeptPlace, { directory }: HarnessContext) =>
        rmSync(join(directory, NAME)),
      'content of another program': (_: KeptPlace, { directory }: HarnessContext) => {
        writeFileSync(join(directory, NAME), new Uint8Array(4_096).fill(1), { flag: 'r+' });
      },
    },
  };
}

/** Makes a method of all files fail from the call after so many on, until what it returns is called. */
async function failing(method: 'write' | 'sync', after: number, code: string) {
  const file = await open(import.meta.filename);
  const prototype = Object.getPrototypeOf(file);
  await file.close();
  const original = Reflect.get(prototype, method);
  let calls = 0;
  const replacement = function (this: object, ...parameters: unknown[]): unknown {
    calls += 1;
    if (calls > after) return Promise.reject(Object.assign(new Error(code), { code }));
    return Reflect.apply(original, this, parameters);
  };
  Reflect.set(prototype, method, replacement);
  return () => void Reflect.set(prototype, method, original);
}
