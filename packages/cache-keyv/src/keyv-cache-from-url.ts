import type { CacheAdapter } from '@barkeep/cache';
import { BarkeepError, importFailure, invalidInput } from '@barkeep/core';
import { KeyvCache } from './keyv-cache.ts';
import type { KeyvCacheOptions } from './keyv-cache-options.ts';
import type { KeyvLike } from './keyv-like.ts';

export interface KeyvUrlOptions
  extends Omit<KeyvCacheOptions, 'keyv' | 'ownsKeyv' | 'sharing' | 'persistent'> {
  /**
   * Where the store is, such as `redis://localhost:6379` or `sqlite://./cache.sqlite3`: the package
   * `@keyv/<scheme>` is loaded for it. Empty: a `Map` in memory.
   */
  readonly url: string;
}

/** Schemes whose package is named otherwise. */
const PACKAGES: Readonly<Record<string, string>> = {
  rediss: '@keyv/redis',
  postgresql: '@keyv/postgres',
  mongodb: '@keyv/mongo',
};

/**
 * A cache over a Keyv of its own, which it closes. Every store but the `Map` is taken to be shared by
 * processes and to outlive them.
 *
 * @throws BarkeepError `MISSING_PACKAGE` naming `keyv` or the package of the store; `INVALID_INPUT`;
 * `CANNOT_OPEN` when the store cannot be made.
 */
export async function keyvCacheFromUrl({ url, ...options }: KeyvUrlOptions): Promise<KeyvCache> {
  const Keyv = await keyvClass();
  const cacheOver = (store: unknown): KeyvCache => {
    const what = url === '' ? {} : ({ sharing: 'multi-process', persistent: true } as const);
    return new KeyvCache({ ...options, keyv: new Keyv({ store }), ownsKeyv: true, ...what });
  };
  // First: a store that was made for options that are then refused would stay open.
  const inMemory = cacheOver(new Map());
  return url === '' ? inMemory : cacheOver(await openStore(url));
}

async function keyvClass(): Promise<new (options: { readonly store: unknown }) => KeyvLike> {
  try {
    const { Keyv } = await import('keyv');
    // Its versions differ in their types, not in what is used of them here.
    return Keyv as unknown as new (options: {
      readonly store: unknown;
    }) => KeyvLike;
  } catch (error) {
    throw importFailure(error, 'keyv');
  }
}

async function openStore(url: string): Promise<unknown> {
  const [, scheme] = /^([a-z][a-z0-9-]*):\/\//.exec(url) ?? [];
  if (scheme === undefined) {
    // Not shown: it may have a password.
    throw invalidInput({ field: 'url', rule: 'must be a URL such as "redis://localhost:6379"' });
  }
  const name = PACKAGES[scheme] ?? `@keyv/${scheme}`;
  const Store = await storeClass(name);
  try {
    return new Store(url);
  } catch (cause) {
    // The cause shows the URL.
    if (isInvalidUrl(cause)) throw invalidInput({ field: 'url', rule: 'must be a valid URL' });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BarkeepError('CANNOT_OPEN', `${name} cannot be used: ${reason}`, { cause });
  }
}

function isInvalidUrl(error: unknown): boolean {
  return error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL';
}

async function storeClass(name: string): Promise<new (url: string) => unknown> {
  const loaded: { readonly default?: unknown } = await import(name).catch((error: unknown) => {
    throw importFailure(error, name);
  });
  if (typeof loaded.default === 'function') {
    // Keyv's stores are classes that take a URL.
    return loaded.default as new (
      url: string,
    ) => unknown;
  }
  throw new BarkeepError('UNSUPPORTED', `${name} has no store as its default export`, {
    details: { package: name },
  });
}

/** Makes caches from `keyv:<URL of a Keyv store>`. */
export const keyvAdapter: CacheAdapter = {
  kind: 'cache',
  schemes: {
    keyv: {
      platform: 'node',
      target: { option: 'url', kind: 'inner-url' },
      parameters: { namespace: 'text', maxEntries: 'count', timeoutMs: 'count' },
      create: keyvCacheFromUrl,
    },
  },
};
