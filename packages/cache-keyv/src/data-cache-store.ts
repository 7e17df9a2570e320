import type { CacheValue, IDataCache } from '@barkeep/cache';

/** What comes before every key, so that clearing leaves alone what others keep in the cache. */
const PREFIX = 'keyv:';
/** Values read at a time when all are asked for. */
const BATCH = 100;

/** An entry as Keyv hands it over. */
export interface DataCacheStoreEntry {
  readonly key: string;
  readonly value: unknown;
  /** Milliseconds. */
  readonly ttl?: number | undefined;
}

/**
 * Any `IDataCache` as a store of Keyv 5.6 or 6. Open the cache before and close it after: Keyv's
 * `disconnect` does not. Keys may have about 1,000 characters. Make one store for each Keyv: it keeps
 * the Keyv's namespace.
 *
 * @example
 * const keyv = new Keyv({ store: new DataCacheStore(cache), namespace: 'sessions' });
 */
export class DataCacheStore {
  /** Set by Keyv. */
  namespace: string | undefined = undefined;
  /** Keyv 5 iterates over stores of the dialects it knows, and over no others. */
  readonly opts: Record<string, unknown> = { dialect: 'redis', url: '' };
  readonly #cache: IDataCache;

  constructor(cache: IDataCache) {
    this.#cache = cache;
  }

  async get(key: string): Promise<CacheValue | undefined> {
    return this.#cache.get(this.#nameOf(key));
  }

  async getMany(keys: readonly string[]): Promise<(CacheValue | undefined)[]> {
    return this.#cache.getMany(keys.map((key) => this.#nameOf(key)));
  }

  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined;
  }

  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    return (await this.getMany(keys)).map((value) => value !== undefined);
  }

  /** @throws BarkeepError whatever the cache throws: Keyv emits it as `error`. */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    await this.#cache.set(this.#nameOf(key), cacheable(value), { ttlMs: ttl });
    return true;
  }

  async setMany(entries: readonly DataCacheStoreEntry[]): Promise<boolean[]> {
    await this.#cache.setMany(
      entries.map(({ key, value, ttl }) => {
        return { key: this.#nameOf(key), value: cacheable(value), ttlMs: ttl };
      }),
    );
    return entries.map(() => true);
  }

  async delete(key: string): Promise<boolean> {
    return this.#cache.delete(this.#nameOf(key));
  }

  /** Whether all of them were there. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    const deleted = await Promise.all(keys.map((key) => this.delete(key)));
    return deleted.every(Boolean);
  }

  /** Removes what is in the namespace; without one, what any Keyv keeps in the cache. */
  async clear(): Promise<void> {
    const prefix = this.namespace === undefined ? PREFIX : prefixOf(this.namespace);
    await this.#cache.invalidate({ prefix });
  }

  /** Keys and values of the namespace. */
  async *iterator(
    namespace: string | undefined = this.namespace,
  ): AsyncGenerator<[string, CacheValue]> {
    const prefix = prefixOf(namespace);
    const names = await this.#cache.keys(prefix);
    for (let start = 0; start < names.length; start += BATCH) {
      const batch = names.slice(start, start + BATCH);
      const values = await this.#cache.getMany(batch);
      for (const [i, name] of batch.entries()) {
        const value = values[i];
        if (value !== undefined) yield [name.slice(prefix.length), value];
      }
    }
  }

  /** Does nothing: the cache belongs to whoever opened it. */
  async disconnect(): Promise<void> {}

  #nameOf(key: string): string {
    return `${prefixOf(this.namespace)}${key}`;
  }
}

/** No namespace's prefix begins another's: the length comes first. */
function prefixOf(namespace = ''): string {
  return `${PREFIX}${namespace.length}:${namespace}:`;
}

/** Keyv without a serializer hands over `{ value, expires }`, where `undefined` means "never". */
function cacheable(value: unknown): CacheValue {
  const isWrapped = typeof value === 'object' && value !== null && 'expires' in value;
  if (!isWrapped || value.expires !== undefined) return value as CacheValue;
  const { expires: _, ...rest } = value;
  return rest as unknown as CacheValue;
}
