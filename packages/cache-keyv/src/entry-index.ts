import type { EpochMs } from '@barkeep/core';
import { allSettled } from './all-settled.ts';
import type { KeyvAccess } from './keyv-access.ts';
import type { StoreNames } from './store-names.ts';
import { textDigest } from './text-digest.ts';

/** Among how many values of the store the list of entries is spread: for ever the same. */
export const INDEX_SHARDS = 64;

export const ALL_SHARDS: readonly number[] = Object.freeze([...Array(INDEX_SHARDS).keys()]);

/** What the index says of an entry. */
export interface IndexRow {
  readonly key: string;
  readonly expiresAt: EpochMs;
  readonly tags: readonly string[];
  readonly bytes: number;
}

/** The rows of one shard by key, the longest unwritten first. */
export type IndexShard = Map<string, IndexRow>;

/**
 * Which entries there are, for stores that cannot tell. Two processes that change one shard at a
 * time may each overwrite the other's change: an entry is then found and invalidated as before, but
 * not listed, until it is written again. No answer about a key comes from here.
 */
export class EntryIndex {
  readonly #access: KeyvAccess;
  readonly #names: StoreNames;
  readonly #ttlMs: number;

  constructor(access: KeyvAccess, names: StoreNames, ttlMs: number) {
    this.#access = access;
    this.#names = names;
    this.#ttlMs = ttlMs;
  }

  static shardOf(key: string): number {
    return Number.parseInt(textDigest(key).slice(0, 2), 16) % INDEX_SHARDS;
  }

  async read(shards: readonly number[]): Promise<Map<number, IndexShard>> {
    const texts = await this.#access.getMany(shards.map((shard) => this.#names.shard(shard)));
    return new Map(shards.map((shard, i) => [shard, parseShard(texts[i])]));
  }

  async rows(): Promise<IndexRow[]> {
    const shards = await this.read(ALL_SHARDS);
    return [...shards.values()].flatMap((rows) => [...rows.values()]);
  }

  async write(shards: ReadonlyMap<number, IndexShard>): Promise<void> {
    const all = [...shards];
    const empty = all.filter(([, rows]) => rows.size === 0);
    const filled = all.filter(([, rows]) => rows.size > 0);
    await allSettled([
      this.#access.deleteMany(empty.map(([shard]) => this.#names.shard(shard))),
      this.#access.setMany(
        filled.map(([shard, rows]) => [this.#names.shard(shard), formatShard(rows), this.#ttlMs]),
      ),
    ]);
  }

  async drop(): Promise<void> {
    await this.#access.deleteMany(ALL_SHARDS.map((shard) => this.#names.shard(shard)));
  }

  /** Drops rows that are selected, and returns them. */
  async remove(isSelected: (row: IndexRow) => boolean): Promise<IndexRow[]> {
    const removed: IndexRow[] = [];
    const changed = new Map<number, IndexShard>();
    for (const [shard, rows] of await this.read(ALL_SHARDS)) {
      const selected = [...rows.values()].filter(isSelected);
      if (selected.length === 0) continue;
      for (const row of selected) rows.delete(row.key);
      removed.push(...selected);
      changed.set(shard, rows);
    }
    await this.write(changed);
    return removed;
  }
}

type RowData = [key: string, until: number | null, tags: string[], bytes: number];

function formatShard(rows: IndexShard): string {
  return JSON.stringify(
    [...rows.values()].map(({ key, expiresAt, tags, bytes }) => [
      key,
      // JSON has no Infinity.
      expiresAt === Number.POSITIVE_INFINITY ? null : expiresAt,
      tags,
      bytes,
    ]),
  );
}

/** What is damaged or foreign lists nothing. */
function parseShard(text: string | undefined): IndexShard {
  const rows: IndexShard = new Map();
  for (const row of parsedArray(text ?? '[]')) {
    if (!isRowData(row)) continue;
    const [key, until, tags, bytes] = row;
    rows.set(key, { key, expiresAt: until ?? Number.POSITIVE_INFINITY, tags, bytes });
  }
  return rows;
}

function parsedArray(text: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

function isRowData(row: unknown): row is RowData {
  if (!Array.isArray(row)) return false;
  const [key, until, tags, bytes] = row;
  const isTagged = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string');
  const isTimed = until === null || typeof until === 'number';
  return typeof key === 'string' && isTimed && isTagged && typeof bytes === 'number';
}
