import { BarkeepError } from '@barkeep/core';
import {
  type AbstractCacheOptions,
  AbstractDataCache,
  type CacheEntry,
  type CacheSelector,
  type CacheUsage,
} from '../src/index.ts';

/** An adapter whose answers come later, or not at all. */
export class RemoteCache extends AbstractDataCache {
  readonly entries = new Map<string, CacheEntry>();
  fault: unknown;
  damaged: string | undefined;
  wait: Promise<void> = Promise.resolve();

  constructor(options: AbstractCacheOptions = {}) {
    super(
      'remote-cache',
      { sharing: 'multi-process', persistent: true, platforms: ['node'] },
      options,
    );
  }

  protected async _get(key: string): Promise<CacheEntry | undefined> {
    await this.#answer();
    if (key === this.damaged) throw new BarkeepError('CORRUPT', 'it is damaged');
    return this.entries.get(key);
  }

  protected async _set(entry: CacheEntry): Promise<void> {
    await this.#answer();
    this.entries.set(entry.key, entry);
  }

  protected async _delete(key: string): Promise<boolean> {
    await this.#answer();
    return this.entries.delete(key);
  }

  protected _invalidate(_selector: CacheSelector): Promise<number> {
    return Promise.resolve(0);
  }

  protected _clear(): Promise<void> {
    return this.#answer();
  }

  protected _keys(): Promise<string[]> {
    return Promise.resolve([...this.entries.keys()]);
  }

  protected _sweep(): Promise<number> {
    return Promise.resolve(0);
  }

  protected _usage(): CacheUsage {
    return { entries: this.entries.size, bytes: 0 };
  }

  async #answer(): Promise<void> {
    await this.wait;
    if (this.fault !== undefined) throw this.fault;
  }
}
