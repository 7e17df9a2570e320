import { BarkeepError } from '@barkeep/core';
import type { Persister } from '../persister.ts';
import { IndexedDbPersister } from './indexed-db-persister.ts';
import { OpfsPersister } from './opfs-persister.ts';

/** Where a persister that a worker can make for itself keeps a database. */
export type Place = 'OPFS' | 'IndexedDB';

const PERSISTERS: Readonly<Record<Place, new (name: string) => Persister>> = {
  OPFS: OpfsPersister,
  IndexedDB: IndexedDbPersister,
};

/** What a page asks a worker to do with the persister of a database: `load` first, `letGo` last. */
export type PersisterCalls = {
  load(place: Place, name: string): Promise<Uint8Array | undefined>;
  save(bytes: Uint8Array): Promise<void>;
  letGo(): Promise<void>;
};

/** `undefined` for a persister of somebody else's, also one that extends ours. */
export function placeOf(persister: Persister): Place | undefined {
  if (persister.constructor === OpfsPersister) return 'OPFS';
  return persister.constructor === IndexedDbPersister ? 'IndexedDB' : undefined;
}

/** The worker's side. */
export function persisterCalls(): PersisterCalls {
  let persister: Persister | undefined;
  return {
    load: (place, name) => {
      persister = new PERSISTERS[place](name);
      return persister.load();
    },
    save: async (bytes) => {
      if (persister === undefined) throw new BarkeepError('INTERNAL', 'nothing has been loaded');
      await persister.save(bytes);
    },
    letGo: async () => {
      await persister?.close();
      persister = undefined;
    },
  };
}
