import {
  AbstractDataCache,
  type CacheEntry,
  type CacheSelector,
  type CacheUsage,
} from '@barkeep/cache';
import { BarkeepError } from '@barkeep/core';
import { allSettled } from './all-settled.ts';
import { EntryIndex, INDEX_SHARDS, type IndexRow, type IndexShard } from './entry-index.ts';
import { decodeEntry, encodeEntry, entryOf } from './entry-text.ts';
import { type Generation, InvalidationMarks } from './invalidation-marks.ts';
import { KeyvAccess } from './keyv-access.ts';
import { checkOptions, type KeyvCacheOptions } from './keyv-cache-options.ts';
import { StoreNames } from './store-names.ts';

const DAY_MS = 86_400_000;
/** The store keeps no entry for longer, so that marks need not be kept for ever either. */
const LONGEST_LIFE_MS = 30 * DAY_MS;
const MARK_LIFE_MS = LONGEST_LIFE_MS + DAY_MS;
/** Expiry is by this cache's clock; by its own the store only cleans up, and later. */
const CLEAN_UP_AFTER_MS = 60_000;

/**
 * Any Keyv store as a cache, with tags and prefixes: on Keyv 5.6 and 6, also where several processes
 * share the store. A failing store is a typed error on writes and a counted miss on reads, whether
 * it throws, emits `error` or never answers.
 *
 * @example
 * const cache = new KeyvCache({ keyv: new Keyv(new KeyvRedis(url)), sharing: 'multi-process' });
 * await cache.open();
 */
export class KeyvCache extends AbstractDataCache {
  readonly #access: KeyvAccess;
  readonly #names: StoreNames;
  readonly #marks: InvalidationMarks;
  readonly #index: EntryIndex;
  readonly #ownsKeyv: boolean;
  readonly #maxRows: number;
  /** The end of the last change: changes take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws BarkeepError `INVALID_INPUT` naming the option. */
  constructor(options: KeyvCacheOptions) {
    const { keyv, namespace, ownsKeyv, sharing, persistent, maxEntries, timeoutMs } =
      checkOptions(options);
    const maxRows = Math.floor(maxEntries / INDEX_SHARDS);
    super(
      'cache-keyv',
      { sharing, persistent, platforms: ['node', 'browser'], maxEntries: maxRows * INDEX_SHARDS },
      options,
    );
    this.#maxRows = maxRows;
    this.#ownsKeyv = ownsKeyv;
    this.#access = new KeyvAccess(keyv, timeoutMs, (values) => this.countFailures(values));
    this.#names = new StoreNames(namespace);
    this.#marks = new InvalidationMarks(this.#access, this.#names, MARK_LIFE_MS);
    this.#index = new EntryIndex(this.#access, this.#names, MARK_LIFE_MS);
  }

  /** A store that does not answer now is an error now. */
  protected override async _start(): Promise<void> {
    this.#access.listen();
    try {
      await this.#access.getMany([this.#names.root]);
    } catch (error) {
      // Why it did not open says more than what follows from that.
      await this.#letGo().catch(() => undefined);
      throw error;
    }
  }

  protected override async _stop(): Promise<void> {
    await this.#turn;
    await this.#letGo();
  }

  protected async _get(key: string): Promise<CacheEntry | undefined> {
    const [entry] = await this._getMany([key]);
    return entry;
  }

  protected override async _getMany(keys: readonly string[]): Promise<(CacheEntry | undefined)[]> {
    const [generation, texts] = await this.#read(keys.map((key) => this.#names.entry(key)));
    return Promise.all(
      keys.map(async (key, i) => {
        try {
          return await this.#validEntry(key, texts[i], generation);
        } catch (error) {
          if (!BarkeepError.is(error, 'CORRUPT')) throw error;
          await this.#removeDamaged(key, texts[i]);
          return this.readFailed(error);
        }
      }),
    );
  }

  protected _set(entry: CacheEntry): Promise<void> {
    return this._setMany([entry]);
  }

  protected override _setMany(entries: readonly CacheEntry[]): Promise<void> {
    return this.#inTurn(async () => {
      const [[found], shards] = await allSettled([this.#read([]), this.#shardsOf(entries)]);
      const tags = entries.flatMap((entry) => entry.tags);
      const generation = await this.#marks.prepare(tags, found);
      const stamped = await allSettled(
        entries.map(async (entry): Promise<StampedEntry> => {
          const text = encodeEntry(entry, await this.#marks.stamp(entry, generation));
          // Listed for as long as the store keeps it.
          const expiresAt = Math.min(entry.expiresAt, this.clock.now() + LONGEST_LIFE_MS);
          return { ...entry, expiresAt, text, bytes: text.length };
        }),
      );
      const evicted = list(stamped, shards, this.#maxRows);
      await allSettled([this.#index.write(shards), this.#write(stamped)]);
      await this.#removeEntries(evicted);
      this.countEvictions(evicted.length);
    });
  }

  protected _delete(key: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const [[generation, [text]], shards] = await allSettled([
        this.#read([this.#names.entry(key)]),
        this.#shardsOf([{ key }]),
      ]);
      const entry = await this.#validEntry(key, text, generation).catch(missWhenCorrupt);
      const isListed = shards.get(EntryIndex.shardOf(key))?.delete(key) === true;
      await allSettled([
        this.#removeEntries([{ key }]),
        isListed ? this.#index.write(shards) : undefined,
      ]);
      return entry !== undefined && this.isLive(entry);
    });
  }

  protected _invalidate(selector: CacheSelector): Promise<number> {
    return this.#inTurn(async () => {
      await this.#mark(selector);
      const removed = await this.#index.remove((row) => isSelected(row, selector));
      await this.#removeEntries(removed);
      return removed.filter((row) => this.isLive(row)).length;
    });
  }

  /** Works over what cannot be read too: what is not listed, the store cleans up later. */
  protected _clear(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#marks.replaceGeneration();
      const rows = await this.#index.rows().catch(() => []);
      await this.#index.drop();
      await this.#removeEntries(rows);
    });
  }

  protected async _keys(prefix: string): Promise<string[]> {
    const rows = await this.#inTurn(() => this.#index.rows());
    return rows
      .filter((row) => row.key.startsWith(prefix) && this.isLive(row))
      .map(({ key }) => key);
  }

  protected override _sweep(): Promise<number> {
    return this.#inTurn(async () => {
      const removed = await this.#index.remove((row) => !this.isLive(row));
      await this.#removeEntries(removed);
      return removed.length;
    });
  }

  protected async _usage(): Promise<CacheUsage> {
    const rows = await this.#inTurn(() => this.#index.rows());
    return { entries: rows.length, bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  async #letGo(): Promise<void> {
    try {
      if (this.#ownsKeyv) await this.#access.disconnect();
    } finally {
      this.#access.release();
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Values of the store by their names, and the generation, in one trip. */
  async #read(
    names: readonly string[],
  ): Promise<[generation: Generation, texts: (string | undefined)[]]> {
    const { generationNames } = this.#marks;
    const found = await this.#access.getMany([...generationNames, ...names]);
    return [InvalidationMarks.generationOf(found), found.slice(generationNames.length)];
  }

  /** The entry, expired or not, unless it was invalidated. @throws BarkeepError `CORRUPT` */
  async #validEntry(
    key: string,
    text: string | undefined,
    generation: Generation,
  ): Promise<CacheEntry | undefined> {
    if (text === undefined) return undefined;
    const stored = decodeEntry(text);
    if (stored.key !== key) return undefined;
    const isValid = await this.#marks.isValid(stored, stored.stamp, generation);
    return isValid ? entryOf(stored) : undefined;
  }

  /** Unless it was written anew meanwhile. */
  async #removeDamaged(key: string, text: string | undefined): Promise<void> {
    await this.#inTurn(async () => {
      const [stored] = await this.#access.getMany([this.#names.entry(key)]);
      if (stored === text) await this.#removeEntries([{ key }]);
    });
  }

  async #mark(selector: CacheSelector): Promise<void> {
    if ('tags' in selector) {
      if (selector.tags.length > 0) await this.#marks.invalidateTags(selector.tags);
    } else if (selector.prefix === '') {
      await this.#marks.replaceRoot();
    } else {
      await this.#marks.invalidatePrefix(selector.prefix);
    }
  }

  #shardsOf(entries: readonly Pick<CacheEntry, 'key'>[]): Promise<Map<number, IndexShard>> {
    return this.#index.read([...new Set(entries.map(({ key }) => EntryIndex.shardOf(key)))]);
  }

  async #write(entries: readonly StampedEntry[]): Promise<void> {
    const now = this.clock.now();
    await this.#access.setMany(
      entries.map(({ key, text, expiresAt }) => {
        const lifeMs = Math.max(0, expiresAt - now) + CLEAN_UP_AFTER_MS;
        return [this.#names.entry(key), text, Math.min(LONGEST_LIFE_MS, lifeMs)];
      }),
    );
  }

  async #removeEntries(entries: readonly Pick<IndexRow, 'key'>[]): Promise<void> {
    await this.#access.deleteMany(entries.map(({ key }) => this.#names.entry(key)));
  }
}

interface StampedEntry extends IndexRow {
  readonly text: string;
}

/** Puts rows last into their shards; returns those that they push out. */
function list(
  rows: readonly IndexRow[],
  shards: ReadonlyMap<number, IndexShard>,
  maxRows: number,
): IndexRow[] {
  for (const { key, expiresAt, tags, bytes } of rows) {
    const shard = shards.get(EntryIndex.shardOf(key));
    shard?.delete(key);
    shard?.set(key, { key, expiresAt, tags, bytes });
  }
  return [...shards.values()].flatMap((shard) => {
    const evicted = [...shard.values()].slice(0, Math.max(0, shard.size - maxRows));
    for (const { key } of evicted) shard.delete(key);
    return evicted;
  });
}

function isSelected({ key, tags }: IndexRow, selector: CacheSelector): boolean {
  if ('prefix' in selector) return key.startsWith(selector.prefix);
  return selector.tags.some((tag) => tags.includes(tag));
}

function missWhenCorrupt(error: unknown): undefined {
  if (!BarkeepError.is(error, 'CORRUPT')) throw error;
}
