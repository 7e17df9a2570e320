import { KeyvCache, type KeyvLike } from '@barkeep/cache-keyv';
import type { HarnessContext, KeptPlace } from '@barkeep/conformance';
import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';
import { Keyv } from 'keyv';
import { Keyv as Keyv5 } from 'keyv-5';

/** What a context has put away outlives its caches. */
const stores = new Map<string, Map<string, unknown>>();

function storeOf({ id, onCleanup }: HarnessContext): Map<string, unknown> {
  const store = stores.get(id) ?? new Map<string, unknown>();
  stores.set(id, store);
  onCleanup(() => void stores.delete(id));
  return store;
}

/** Puts something else where the store has an entry. */
function spoiling(spoil: (stored: string) => unknown) {
  return ({ name }: KeptPlace, { id }: HarnessContext): void => {
    const store = stores.get(id) ?? new Map<string, unknown>();
    const place = [...store.keys()].find((key) => key.endsWith(`~e~${name}`));
    if (place !== undefined) store.set(place, spoil(String(store.get(place))));
  };
}

/** Those that Keyv hands on: where it takes others for nothing, nobody can count them. */
const damages = {
  'an entry that was cut off': spoiling((stored) => stored.replace(/.{20}"\}$/, '"}')),
  'a value that another program set': spoiling(() => '{"value":"foreign"}'),
  'an entry of another version': spoiling((stored) => stored.replace('"value":"', '"value":"2\\n')),
};

const MAKERS: Readonly<Record<string, (store: Map<string, unknown>) => KeyvLike>> = {
  'a Map on Keyv 5': (store) => new Keyv5({ store }),
  'a Map on Keyv 6': (store) => new Keyv({ store }),
};

for (const [name, make] of Object.entries(MAKERS)) {
  const create = (context: HarnessContext) =>
    new KeyvCache({
      keyv: make(storeOf(context)),
      clock: context.clock,
      persistent: true,
      maxEntries: 6_400,
    });
  registerCacheConformance({
    name: `cache-keyv (${name})`,
    model: { runs: 100 },
    create: async (context) => create(context),
    reopen: async (_, context) => create(context),
    damages,
  });
}
