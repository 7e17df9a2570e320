/** Persisters that are wrong on purpose, each in a way that costs a user something. */
import { readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { PersisterHarness } from '@barkeep/conformance/sqlite';
import { BarkeepError } from '@barkeep/core';
import type { Persister } from '@barkeep/sqlite-engine';
import { DatabaseFile } from '../src/file/database-file.ts';
import { databaseFileHarness } from './persister-harnesses.ts';

/** A suite that lets one of these pass is not worth running. */
export interface PlantedPersisterBug {
  /** What it does wrong, completing "a persister that …". */
  readonly name: string;
  /** The key of the scenario that must fail. Others may fail too. */
  readonly caughtBy: string;
  readonly harness: PersisterHarness;
}

const kept = new Map<string, Uint8Array>();
const holders = new Map<string, Persister>();

export const plantedPersisterBugs: readonly PlantedPersisterBug[] = [
  bug('writes over the file without a journal', 'kill/saves', (_, path) => ({
    save: async (bytes) => {
      const file = await open(path, 'r+');
      for (let at = 0; at < bytes.length; at += 65_536) {
        await file.write(bytes, at, Math.min(65_536, bytes.length - at), at);
      }
      await file.truncate(bytes.length);
      await file.close();
    },
    check: async () => undefined,
  })),
  bug('resolves before it has saved', 'kill/saves', (file) => {
    let saving = Promise.resolve();
    return {
      save: async (bytes) => {
        saving = saving.then(() => file.save(bytes)).catch(() => undefined);
      },
      close: async () => {
        await saving;
        await file.close();
      },
    };
  }),
  bug('saves the whole buffer that a view is of', 'model/commands', (file) => ({
    save: (bytes) => file.save(new Uint8Array(bytes.buffer)),
  })),
  bug('keeps the end of a longer database', 'model/commands', (file, path) => ({
    save: async (bytes) => {
      const before = readFileSync(path);
      await file.save(bytes);
      if (before.length > bytes.length) {
        writeFileSync(path, before.subarray(bytes.length), { flag: 'a' });
      }
    },
  })),
  bug('keeps the array that it was given', 'model/commands', (file, path) => ({
    load: async () => (await file.load()) && (kept.get(path) ?? file.load()),
    save: async (bytes) => {
      await file.save(bytes);
      kept.set(path, bytes);
    },
  })),
  bug('saves only once', 'model/commands', (file) => {
    let isSaved = false;
    return {
      save: async (bytes) => {
        if (!isSaved) await file.save(bytes);
        isSaved = true;
      },
    };
  }),
  bug('gives no bytes, rather than none, of a new database', 'model/commands', (file) => ({
    load: async () => (await file.load()) ?? new Uint8Array(),
  })),
  bug('takes no lock', 'model/commands', (_, path) => ({
    load: async () => readFileSync(path, { flag: 'a+' }),
    save: async (bytes) => writeFileSync(path, bytes),
    close: async () => undefined,
  })),
  bug('lets go of another’s lock with its own', 'model/commands', (file, path) => ({
    load: async () => {
      const bytes = await file.load();
      holders.set(path, file);
      return bytes;
    },
    close: async () => {
      await holders.get(path)?.close();
      await file.close();
    },
  })),
  bug('keeps its lock when it is closed', 'model/commands', () => ({
    close: async () => undefined,
  })),
  bug('saves after it was closed', 'model/commands', (file, path) => {
    let isClosed = false;
    return {
      save: async (bytes) => (isClosed ? writeFileSync(path, bytes) : file.save(bytes)),
      close: async () => {
        isClosed = true;
        await file.close();
      },
    };
  }),
  bug('passes over a failure below', 'model/faults', (file) => ({
    save: (bytes) => file.save(bytes).catch(() => undefined),
  })),
  bug('keeps what a failed save has written', 'model/faults', (file, path) => ({
    save: async (bytes) => {
      try {
        await file.save(bytes);
      } catch (error) {
        writeFileSync(path, bytes);
        throw error;
      }
    },
  })),
  bug('replaces what another has written', 'others/noticed', (file, path) => ({
    save: (bytes) => file.save(bytes).catch(() => writeFileSync(path, bytes)),
  })),
  bug('says of a lock that it is no use to try again', 'model/commands', (file) => ({
    load: () =>
      file.load().catch((error: unknown) => {
        throw BarkeepError.is(error, 'BUSY')
          ? new BarkeepError('BUSY', 'locked', { retryable: false })
          : error;
      }),
  })),
  bug('saves what is not loaded yet', 'model/commands', (file, path) => {
    let isLoaded = false;
    return {
      load: async () => {
        isLoaded = true;
        return file.load();
      },
      save: async (bytes) => (isLoaded ? file.save(bytes) : writeFileSync(path, bytes)),
    };
  }),
  bug('composes names', 'names/alike', (_, path) => naming(path, (name) => name.normalize('NFC'))),
  bug('cuts names', 'names/alike', (_, path) => naming(path, (name) => name.slice(0, 40))),
  bug('finds nothing amiss', 'others/noticed', () => ({ check: async () => undefined })),
];

/** For the processes that the suite starts. */
export const harnesses: readonly PersisterHarness[] = plantedPersisterBugs.map(
  ({ harness }) => harness,
);

/** The file with another name. */
function naming(path: string, rename: (name: string) => string): DatabaseFile {
  return new DatabaseFile(join(dirname(path), rename(basename(path))));
}

function bug(
  name: string,
  caughtBy: string,
  plant: (file: Persister, path: string) => Partial<Persister>,
): PlantedPersisterBug {
  const harness = databaseFileHarness(name, import.meta.url, (file) => {
    const parts = plant(file, file.name);
    return {
      name: file.name,
      load: () => (parts.load ? parts.load() : file.load()),
      save: (bytes) => (parts.save ? parts.save(bytes) : file.save(bytes)),
      check: async () => (parts.check ? parts.check() : file.check?.()),
      close: () => (parts.close ? parts.close() : file.close()),
    };
  });
  return { name, caughtBy: `persister/${caughtBy}`, harness };
}
