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

/** Puts something else where the store has the text of an entry. */
function spoiling(
  spoil: (text: string) => string,
  make: (store: Map<string, unknown>) => KeyvLike,
) {
  return async ({ name }: KeptPlace, { id }: HarnessContext): Promise<void> => {
    const keyv = make(stores.get(id) ?? new Map());
    const kept = await keyv.getRaw(`barkeep~e~${name}`);
    if (typeof kept !== 'object' || kept === null || !('value' in kept)) return;
    await keyv.set(`barkeep~e~${name}`, spoil(String(kept.value)));
  };
}

/** Those that Keyv hands on: where it takes others for nothing, nobody can count them. */
const SPOILS: Readonly<Record<string, (text: string) => string>> = {
  'an entry that was cut off': (text) => text.slice(0, -20),
  'a value that another program set': () => 'foreign',
  'an entry of another version': (text) => `2\n${text}`,
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
    damages: Object.fromEntries(
      Object.entries(SPOILS).map(([way, spoil]) => [way, spoiling(spoil, make)]),
    ),
  });
}
