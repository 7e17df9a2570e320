import { BarkeepError } from '@barkeep/core';
import type { Persister } from '@barkeep/sqlite-engine';
import { BrowserPersister } from './browser-persister.ts';
import type { CheckedPersisterOptions } from './browser-persister-options.ts';
import { IndexedDbPersister } from './indexed-db-persister.ts';
import { OpfsPersister } from './opfs-persister.ts';

const CLASSES: {
  readonly opfs: typeof OpfsPersister;
  readonly indexeddb: typeof IndexedDbPersister;
  readonly browser: typeof BrowserPersister;
} = {
  opfs: OpfsPersister,
  indexeddb: IndexedDbPersister,
  browser: BrowserPersister,
};
type Kind = keyof typeof CLASSES;
const KINDS: readonly Kind[] = ['opfs', 'indexeddb', 'browser'];

/** A persister that a worker can make for itself: of which class, and of what. */
export interface PersisterPlan {
  readonly kind: Kind;
  readonly name: string;
  readonly options: Omit<CheckedPersisterOptions, 'signal'>;
  /** Stays in the page. */
  readonly signal: AbortSignal | undefined;
}

/** `undefined` for a persister of somebody else's, also one that extends ours: it stays in the page. */
export function planOf(persister: Persister): PersisterPlan | undefined {
  for (const kind of KINDS) {
    const Class = CLASSES[kind];
    if (!(persister instanceof Class)) continue;
    if (Object.getPrototypeOf(persister) !== Class.prototype) continue;
    const { signal, ...options } = persister.options;
    return { kind, name: persister.name, options, signal };
  }
  return undefined;
}

/** What a page asks a worker to do with the persister of a database: `load` first, `letGo` last. */
export type PersisterCalls = {
  load(plan: Omit<PersisterPlan, 'signal'>): Promise<Uint8Array | undefined>;
  /** Ends the wait of a `load` that is under way. */
  giveUp(): void;
  /** Saves the database that is open in the worker: the page need not be there any more. */
  save(): Promise<void>;
  letGo(): Promise<void>;
};

/** The worker's side. */
export function persisterCalls(snapshot: () => Uint8Array): PersisterCalls {
  let persister: Persister | undefined;
  let waiting: AbortController | undefined;
  return {
    load: async ({ kind, name, options }) => {
      waiting = new AbortController();
      persister = new CLASSES[kind](name, { ...options, signal: waiting.signal });
      return persister.load();
    },
    giveUp: () => waiting?.abort(),
    save: async () => {
      if (persister === undefined) throw new BarkeepError('INTERNAL', 'nothing has been loaded');
      await persister.save(snapshot());
    },
    letGo: async () => {
      await persister?.close();
      persister = undefined;
    },
  };
}
