/** Persisters that are wrong on purpose, each in a way that costs a user something. */
import { readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { PersisterHarness } from '@barkeep/conformance/sqlite';
import type { Persister } from '@barkeep/sqlite-engine';
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
  bug('saves after it was closed', 'close/late-save', (file, path) => {
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
  bug('finds nothing amiss', 'others/noticed', () => ({ check: async () => undefined })),
];

/** For the processes that the suite starts. */
export const harnesses: readonly PersisterHarness[] = plantedPersisterBugs.map(
  ({ harness }) => harness,
);

function bug(
  name: string,
  caughtBy: string,
  plant: (file: Persister, path: string) => Partial<Persister>,
): PlantedPersisterBug {
  const harness = databaseFileHarness(name, import.meta.url, (file) => {
    const parts = plant(file, file.name);
    return {
      name: file.name,
      load: parts.load ?? (() => file.load()),
      save: parts.save ?? ((bytes) => file.save(bytes)),
      check: parts.check ?? (async () => file.check?.()),
      close: parts.close ?? (() => file.close()),
    };
  });
  return { name, caughtBy: `persister/${caughtBy}`, harness };
}
