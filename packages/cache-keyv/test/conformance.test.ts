import { KeyvCache, type KeyvLike } from '@barkeep/cache-keyv';
import type { HarnessContext } from '@barkeep/conformance';
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
  });
}
