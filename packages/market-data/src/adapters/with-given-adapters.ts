import type { CacheAdapter } from '@barkeep/cache';
import { invalidInput, onlyKnownKeys } from '@barkeep/core';
import type { RealtimeAdapter } from '@barkeep/realtime';
import type { StorageAdapter } from '@barkeep/storage';
import type { GivenAdapter, SchemeTables } from './known-adapters.ts';

/** An adapter that the caller brings: what its package exports for this. */
export type Adapter = StorageAdapter | CacheAdapter | RealtimeAdapter;

const KINDS = ['storage', 'realtime', 'cache'] as const;
const SCHEME = /^[a-z][a-z0-9+.-]*$/;

/**
 * The schemes of a platform with those of adapters that the caller brings, which come first.
 * @throws BarkeepError `INVALID_INPUT` when one is no adapter definition, or two have one scheme.
 */
export function withGivenAdapters(
  known: SchemeTables,
  adapters: readonly Adapter[] = [],
): SchemeTables {
  if (!Array.isArray(adapters)) throw fault('adapters', 'must be a list', adapters);
  const given = { storage: {}, realtime: {}, cache: {} } satisfies Record<string, object>;
  for (const [index, adapter] of adapters.entries()) addSchemes(given, adapter, index);
  return {
    storage: { ...known.storage, ...given.storage },
    realtime: { ...known.realtime, ...given.realtime },
    cache: { ...known.cache, ...given.cache },
  };
}

function addSchemes(
  given: Record<(typeof KINDS)[number], Record<string, GivenAdapter<never>>>,
  adapter: Adapter,
  index: number,
): void {
  const field = `adapters[${index}]`;
  if (adapter === null || typeof adapter !== 'object') {
    throw fault(field, 'must be what an adapter package exports: { kind, schemes }', adapter);
  }
  onlyKnownKeys(adapter, ['kind', 'schemes'], field);
  const { kind, schemes } = adapter;
  if (!KINDS.includes(kind)) {
    throw fault(`${field}.kind`, `must be ${KINDS.map((one) => `"${one}"`).join(', ')}`, kind);
  }
  if (schemes === null || typeof schemes !== 'object') {
    throw fault(`${field}.schemes`, 'must be an object by scheme', schemes);
  }
  for (const [name, scheme] of Object.entries(schemes)) {
    const place = `${field}.schemes.${name}`;
    if (!SCHEME.test(name)) throw fault(place, 'must be named like the scheme of a URL', name);
    if (typeof scheme?.create !== 'function') {
      throw fault(`${place}.create`, 'must be a function', scheme?.create);
    }
    if (Object.hasOwn(given[kind], name)) throw fault(place, 'must be there only once', name);
    given[kind][name] = { scheme };
  }
}

function fault(field: string, rule: string, value: unknown): Error {
  return invalidInput({ field, rule, value });
}
