import type { CacheAdapter } from '@barkeep/cache';
import {
  AbstractDataCache,
  type CacheEntry,
  type CacheSelector,
  type CacheUsage,
} from '@barkeep/cache';
import type { EpochMs } from '@barkeep/core';
import { checkOptions, type DiskCacheOptions } from './disk-cache-options.ts';
import type { EntryLabel } from './entry-file.ts';
import { type EntryFile, EntryFolder } from './entry-folder.ts';

/** How often the use of a file is written to it at most. */
const TOUCH_EVERY_MS = 1_000;

/** What this process knows of a file. */
interface KnownFile {
  readonly bytes: number;
  /** Absent for a file that it wrote and has not looked at since. */
  readonly identity?: string;
  /** What it says of its entry, once a sweep has read it. */
  label?: EntryLabel | undefined;
  usedAt: EpochMs;
  /** What the file itself says of its use. */
  touchedAt: EpochMs;
}

/**
 * A cache on disk: a file for each entry, which survives the process and may be shared by several.
 * Candle series are compressed. Files that are cut off, damaged or foreign are counted misses. The
 * least recently used entries go first when a bound is reached.
 *
 * @example
 * const cache = new DiskCache({ directory: './cache', maxBytes: 2 ** 28 });
 * await cache.open();
 */
export class DiskCache extends AbstractDataCache {
  readonly #folder: EntryFolder;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #known = new Map<string, KnownFile>();
  /** The end of the last change: changes take turns. */
  #turn: Promise<unknown> = Promise.resolve();
  #bytes = 0;
  #lastUse = 0;

  /** @throws BarkeepError `INVALID_INPUT` naming the option. */
  constructor(options: DiskCacheOptions = {}) {
    const { directory, maxEntries, maxBytes } = checkOptions(options);
    super(
      'cache-disk',
      { sharing: 'multi-process', persistent: true, platforms: ['node'], maxEntries, maxBytes },
      options,
    );
    this.#folder = new EntryFolder(directory, maxBytes);
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  protected override async _start(): Promise<void> {
    await this.#folder.make();
    await this.#look();
    await this.#makeRoom(0, 0);
  }

  /** Leaves the entries, and in them when they were used. */
  protected override async _stop(): Promise<void> {
    await this.#turn;
    for (const [path, file] of this.#known) {
      if (file.usedAt > file.touchedAt) await this.#folder.touch(path, file.usedAt);
    }
    this.#known.clear();
    this.#bytes = 0;
  }

  protected async _get(key: string): Promise<CacheEntry | undefined> {
    const path = this.#folder.pathOf(key);
    const entry = await this.#folder.read(path, key, this.#known.get(path)?.bytes ?? 0);
    const file = this.#known.get(path);
    if (entry !== undefined && file !== undefined) await this.#use(path, file);
    return entry;
  }

  protected _set(entry: CacheEntry): Promise<void> {
    return this.#inTurn(async () => {
      const path = this.#folder.pathOf(entry.key);
      const file = this.#folder.encode(entry);
      if (file.length > this.#maxBytes) {
        await this.#remove(path);
        this.countRejection();
        return;
      }
      const before = this.#known.get(path);
      this.#forget(path);
      try {
        await this.#makeRoom(file.length, 1);
        await this.#folder.write(path, file);
      } catch (error) {
        // The entry before it is still there.
        if (before !== undefined) this.#learn(path, before);
        throw error;
      }
      const usedAt = this.#nextUse();
      await this.#folder.touch(path, usedAt);
      this.#learn(path, { bytes: file.length, usedAt, touchedAt: usedAt });
    });
  }

  protected _delete(key: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const path = this.#folder.pathOf(key);
      const [label] = await this.#folder.labels([{ path }]);
      await this.#remove(path);
      return label?.key === key && this.isLive(label);
    });
  }

  protected _invalidate(selector: CacheSelector): Promise<number> {
    return this.#inTurn(async () => {
      const selected = (await this.#labels()).filter((label) => isSelected(label, selector));
      for (const { path } of selected) await this.#remove(path);
      return selected.filter((label) => this.isLive(label)).length;
    });
  }

  protected _clear(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#look();
      for (const path of [...this.#known.keys()]) await this.#remove(path);
    });
  }

  protected async _keys(prefix: string): Promise<string[]> {
    const labels = await this.#inTurn(() => this.#labels());
    return labels
      .filter((label) => label.key.startsWith(prefix) && this.isLive(label))
      .map(({ key }) => key);
  }

  /**
   * Also learns of what other processes did, and keeps the bounds of the whole folder. It looks into
   * files that it does not know, and those that have expired as far as it knows.
   */
  protected override _sweep(): Promise<number> {
    return this.#inTurn(async () => {
      const files = await this.#look();
      const suspects = files.filter(({ path }) => !this.#isKnownLive(path));
      const labels = await this.#folder.labels(suspects);
      for (const label of labels) {
        const file = this.#known.get(label.path);
        if (file !== undefined) file.label = label;
      }
      const expired = labels.filter((label) => !this.isLive(label));
      for (const { path } of expired) await this.#remove(path);
      await this.#makeRoom(0, 0);
      return expired.length;
    });
  }

  protected _usage(): Promise<CacheUsage> {
    return this.#inTurn(async () => {
      await this.#look();
      return { entries: this.#known.size, bytes: this.#bytes };
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #labels(): Promise<(EntryFile & EntryLabel)[]> {
    return this.#folder.labels(await this.#look());
  }

  /** Learns which files there are. */
  async #look(): Promise<readonly EntryFile[]> {
    const files = await this.#folder.list();
    const before = new Map(this.#known);
    this.#known.clear();
    this.#bytes = 0;
    for (const { path, bytes, identity, usedAt: touchedAt } of files) {
      const old = before.get(path);
      const usedAt = Math.max(touchedAt, old?.usedAt ?? 0);
      const isSame = old?.identity === identity && old.bytes === bytes;
      const label = isSame ? old.label : undefined;
      this.#learn(path, { bytes, identity, label, usedAt, touchedAt });
    }
    return files;
  }

  /** As far as it knows. */
  #isKnownLive(path: string): boolean {
    const label = this.#known.get(path)?.label;
    return label !== undefined && this.isLive(label);
  }

  /** Removes the least recently used entries until so many more have room. */
  async #makeRoom(bytes: number, entries: 0 | 1): Promise<void> {
    const isFull = (): boolean =>
      this.#known.size + entries > this.#maxEntries || this.#bytes + bytes > this.#maxBytes;
    if (!isFull()) return;
    const oldestFirst = [...this.#known].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    let evicted = 0;
    for (const [path] of oldestFirst) {
      if (!isFull()) break;
      await this.#remove(path);
      evicted += 1;
    }
    this.countEvictions(evicted);
  }

  async #use(path: string, file: KnownFile): Promise<void> {
    file.usedAt = this.#nextUse();
    if (file.usedAt - file.touchedAt < TOUCH_EVERY_MS) return;
    file.touchedAt = file.usedAt;
    await this.#folder.touch(path, file.usedAt);
  }

  /** By the machine's clock, and later than any before: files of the same instant have an order too. */
  #nextUse(): EpochMs {
    this.#lastUse = Math.max(Date.now(), this.#lastUse + 0.01);
    return this.#lastUse;
  }

  #learn(path: string, file: KnownFile): void {
    this.#known.set(path, file);
    this.#bytes += file.bytes;
  }

  #forget(path: string): void {
    this.#bytes -= this.#known.get(path)?.bytes ?? 0;
    this.#known.delete(path);
  }

  async #remove(path: string): Promise<void> {
    await this.#folder.remove(path);
    this.#forget(path);
  }
}

function isSelected({ key, tags }: EntryLabel, selector: CacheSelector): boolean {
  if ('prefix' in selector) return key.startsWith(selector.prefix);
  return selector.tags.some((tag) => tags.includes(tag));
}

/** Makes caches from `disk:<directory>`. */
export const diskAdapter: CacheAdapter = {
  kind: 'cache',
  schemes: {
    disk: {
      platform: 'node',
      target: { option: 'directory', kind: 'path' },
      parameters: { maxEntries: 'count', maxBytes: 'count' },
      create: (options: DiskCacheOptions) => new DiskCache(options),
    },
  },
};
