import { join } from 'node:path';
import { KeyvCache, type KeyvCacheOptions, type KeyvLike } from '@barkeep/cache-keyv';
import type { HarnessContext, KeptPlace } from '@barkeep/conformance';
import type { CacheHarness } from '@barkeep/conformance/cache';
import KeyvRedis from '@keyv/redis';
import KeyvSqlite from '@keyv/sqlite';
import { Keyv } from 'keyv';
import { Keyv as Keyv5 } from 'keyv-5';
import { FaultyStore } from './faulty-store.ts';

/** Where the processes that the suite starts find the Redis of the test. */
export const REDIS_VARIABLE = 'BARKEEP_TEST_REDIS_URL';

/** The Keyv of each context, which its caches share. */
const keyvs = new Map<string, Promise<KeyvLike>>();

function keyvOf(
  { id, onCleanup }: HarnessContext,
  make: () => KeyvLike | Promise<KeyvLike>,
): Promise<KeyvLike> {
  const known = keyvs.get(id);
  if (known !== undefined) return known;
  const made = Promise.resolve(make());
  keyvs.set(id, made);
  onCleanup(async () => {
    keyvs.delete(id);
    await (await made).disconnect();
  });
  return made;
}

/** Puts something else where the store has the text of an entry. */
function spoiling(spoil: (text: string) => string) {
  return async ({ name }: KeptPlace, { id }: HarnessContext): Promise<void> => {
    const keyv = await keyvs.get(id);
    const kept = await keyv?.getRaw(`${id}~e~${name}`);
    if (typeof kept !== 'object' || kept === null || !('value' in kept)) return;
    await keyv?.set(`${id}~e~${name}`, spoil(String(kept.value)));
  };
}

/** Those that Keyv hands on: where it takes others for nothing, nobody can count them. */
const DAMAGES: CacheHarness['damages'] & object = {
  'an entry that was cut off': spoiling((text) => text.slice(0, -20)),
  'a value that another program set': spoiling(() => 'foreign'),
  'an entry of another version': spoiling((text) => `2\n${text}`),
};

function harness(
  name: string,
  make: (context: HarnessContext) => KeyvLike | Promise<KeyvLike>,
  options: Partial<KeyvCacheOptions>,
  more: Partial<CacheHarness>,
): CacheHarness {
  return {
    name: `cache-keyv (${name})`,
    module: import.meta.url,
    create: async (context) => {
      const { clock, id: namespace } = context;
      const keyv = await keyvOf(context, () => make(context));
      return new KeyvCache({ keyv, clock, namespace, ...options });
    },
    damages: DAMAGES,
    ...more,
  };
}

const VERSIONS: Readonly<
  Record<string, (store: Map<string, unknown> | FaultyStore | KeyvRedis<unknown>) => KeyvLike>
> = {
  'Keyv 5': (store) => new Keyv5({ store }),
  'Keyv 6': (store) => new Keyv({ store }),
};

/** The store of each context that fails when told to. */
const stores = new Map<string, FaultyStore>();

const inMemory = [
  ...Object.entries(VERSIONS).map(([version, make]) =>
    harness(
      `a Map on ${version}`,
      () => make(new Map()),
      { maxEntries: 2_560 },
      { model: { runs: 100 } },
    ),
  ),
  harness('a store on Keyv 6', faultyKeyv, {}, { model: { runs: 20 }, faults: faults() }),
];

function faultyKeyv({ id, onCleanup }: HarnessContext): KeyvLike {
  const store = new FaultyStore();
  stores.set(id, store);
  onCleanup(() => stores.delete(id));
  return new Keyv({ store });
}

function faults(): CacheHarness['faults'] & object {
  const names = ['throws', 'rejects', 'swallows', 'refuses'] as const;
  return Object.fromEntries(
    names.map((fault) => [
      `a store that ${fault}`,
      async (_, { id }) => {
        const store = stores.get(id);
        if (store === undefined) throw new TypeError('this context has no store');
        store.fault = fault;
        return () => {
          store.fault = undefined;
        };
      },
    ]),
  );
}

const shared = { sharing: 'multi-process', persistent: true } as const;

const databases = new Map<KeyvLike, KeyvSqlite>();

async function sqlite({ directory }: HarnessContext): Promise<KeyvLike> {
  const store = new KeyvSqlite({ uri: `sqlite://${join(directory, 'cache.sqlite')}`, wal: true });
  // What a power cut leaves is the store's own matter.
  await store.query('PRAGMA synchronous = OFF');
  const keyv = new Keyv({ store });
  databases.set(keyv, store);
  return keyv;
}

/** Makes SQLite refuse every change, until the function that it returns is called. */
async function refuseChanges(_: unknown, { id }: HarnessContext): Promise<() => Promise<void>> {
  const keyv = await keyvs.get(id);
  const store = keyv && databases.get(keyv);
  for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
    const refusal = `BEGIN SELECT RAISE(ABORT, 'refused'); END`;
    await store?.query(`CREATE TRIGGER refuse_${event} BEFORE ${event} ON keyv ${refusal}`);
  }
  return async () => {
    for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
      await store?.query(`DROP TRIGGER refuse_${event}`);
    }
  };
}

export const memoryHarnesses: readonly CacheHarness[] = inMemory;

export const sqliteHarnesses: readonly CacheHarness[] = [
  harness('SQLite on Keyv 6', sqlite, shared, {
    model: { runs: 10 },
    faults: { 'a refused change': refuseChanges },
  }),
];

export const redisHarnesses: readonly CacheHarness[] = Object.entries(VERSIONS).map(
  ([version, make]) =>
    harness(`Redis on ${version}`, () => make(new KeyvRedis(process.env[REDIS_VARIABLE])), shared, {
      model: { runs: 15 },
    }),
);

/** In a module of its own, because processes that the suite starts read it, too. */
export const harnesses: readonly CacheHarness[] = [
  ...memoryHarnesses,
  ...sqliteHarnesses,
  ...redisHarnesses,
];
