import { appendFileSync, closeSync, openSync, readSync, statSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { type CacheEntry, type CacheValue, isCacheContainer } from '@barkeep/cache';
import { BarkeepError, CandleSeries } from '@barkeep/core';

type Change = { readonly set: CacheEntry } | { readonly remove: string } | 'clear';

/** Logs to which nothing can be appended now, as on a full disk. */
const refused = new Set<string>();

/**
 * Entries in a file, to which each change is appended before it counts: they outlive the process, and
 * whoever has the same file open sees them at once.
 */
export class EntryLog extends Map<string, CacheEntry> {
  readonly #path: string;
  #readTo = 0;

  constructor(path: string) {
    super();
    this.#path = path;
    appendFileSync(path, '');
  }

  /** Lets appending to a log fail until the function that it returns is called. */
  static refuse(path: string): () => void {
    refused.add(path);
    return () => void refused.delete(path);
  }

  override get size(): number {
    this.#catchUp();
    return super.size;
  }

  override get(key: string): CacheEntry | undefined {
    this.#catchUp();
    return super.get(key);
  }

  override has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  override keys(): MapIterator<string> {
    this.#catchUp();
    return super.keys();
  }

  override values(): MapIterator<CacheEntry> {
    this.#catchUp();
    return super.values();
  }

  override set(key: string, entry: CacheEntry): this {
    this.#append({ set: { ...entry, key, value: packed(entry.value) as CacheValue } });
    return this;
  }

  override delete(key: string): boolean {
    const isThere = this.has(key);
    if (isThere) this.#append({ remove: key });
    return isThere;
  }

  override clear(): void {
    this.#append('clear');
  }

  /** What is read back: bugs of what is kept are planted here. */
  protected loaded(entry: CacheEntry): CacheEntry {
    return entry;
  }

  #append(change: Change): void {
    if (refused.has(this.#path)) throw new BarkeepError('DISK_FULL', 'the log is full');
    const data = serialize(change);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(data.length);
    appendFileSync(this.#path, Buffer.concat([length, data]));
    this.#catchUp();
  }

  #catchUp(): void {
    const { size } = statSync(this.#path);
    if (size === this.#readTo) return;
    const bytes = Buffer.alloc(size - this.#readTo);
    const file = openSync(this.#path, 'r');
    readSync(file, bytes, 0, bytes.length, this.#readTo);
    closeSync(file);
    let at = 0;
    while (at + 4 <= bytes.length && at + 4 + bytes.readUInt32LE(at) <= bytes.length) {
      const end = at + 4 + bytes.readUInt32LE(at);
      this.#apply(deserialize(bytes.subarray(at + 4, end)));
      at = end;
    }
    this.#readTo += at;
  }

  #apply(change: Change): void {
    if (change === 'clear') super.clear();
    else if ('remove' in change) super.delete(change.remove);
    else {
      const entry = this.loaded({ ...change.set, value: unpacked(change.set.value) });
      super.delete(entry.key);
      super.set(entry.key, entry);
    }
  }
}

/** A series is no plain data: it becomes a list, and lists become lists in a list. */
function packed(value: CacheValue): unknown {
  if (value instanceof CandleSeries) return [{ ...value }];
  if (!isCacheContainer(value)) return value;
  if (isArray(value)) return [value.map(packed), 'list'];
  return mapped(value, packed);
}

function unpacked(value: unknown): CacheValue {
  if (Array.isArray(value)) {
    const [first, kind] = value;
    if (kind === 'list') return first.map(unpacked);
    return CandleSeries.fromTrustedColumns(first.key, first);
  }
  if (!isCacheContainer(value)) return value as CacheValue;
  return mapped(value as { readonly [name: string]: CacheValue }, unpacked) as CacheValue;
}

function mapped(value: object, map: (part: CacheValue) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, map(part)]));
}

function isArray(value: CacheValue): value is readonly CacheValue[] {
  return Array.isArray(value);
}
