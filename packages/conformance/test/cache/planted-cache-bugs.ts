import type {
  CacheEntry,
  CacheSelector,
  CacheSetOptions,
  CacheUsage,
  CacheValue,
  CacheWrite,
} from '@barkeep/cache';
import type { CacheHarness } from '@barkeep/conformance/cache';
import { type CallOptions, CandleSeries } from '@barkeep/core';
import {
  bug,
  expiring,
  lastingHarness,
  naming,
  type PlantedCacheBug,
  type ReferenceClass,
  settingOther,
  storing,
} from './plant-cache-bug.ts';
import { plantedClaimBugs } from './planted-claim-bugs.ts';
import { DAMAGED, MAX_ENTRIES, ReferenceCache } from './reference-cache.ts';

export const PLANTED_CACHE_BUGS: readonly PlantedCacheBug[] = [
  bug(
    'drops the last entry of a batch',
    'model/commands',
    (base) =>
      class extends base {
        protected override async _setMany(entries: readonly CacheEntry[]): Promise<void> {
          for (const entry of entries.slice(0, -1)) await this._set(entry);
        }
      },
  ),
  bug(
    'keeps the first of equal keys',
    'model/commands',
    (base) =>
      class extends base {
        override setMany(entries: readonly CacheWrite[]): Promise<void> {
          return super.setMany(entries.toReversed());
        }
      },
  ),
  bug(
    'stores a batch until it meets an invalid entry',
    'model/commands',
    (base) =>
      class extends base {
        override async setMany(entries: readonly CacheWrite[]): Promise<void> {
          for (const { key, value, ...options } of entries) await this.set(key, value, options);
        }
      },
  ),
  storing('loses the sign of zero', 'values/every-kind', (value) => (value === 0 ? 0 : value)),
  storing('keeps NaN as null, as JSON does', 'values/every-kind', (value) =>
    Number.isNaN(value) ? null : value,
  ),
  storing('keeps bigints as numbers', 'values/every-kind', (value) =>
    typeof value === 'bigint' ? BigInt(Number(value)) : value,
  ),
  storing('keeps the whole buffer of a view', 'values/every-kind', (value) =>
    value instanceof Float64Array ? new Float64Array(value.buffer) : value,
  ),
  storing('makes all NaNs alike', 'values/every-kind', (value) =>
    value instanceof Float64Array
      ? value.map((one) => (Number.isNaN(one) ? Number.NaN : one))
      : value,
  ),
  storing('keeps a series as an array of candles', 'values/every-kind', (value) =>
    value instanceof CandleSeries ? value.toArray().map((candle) => ({ ...candle })) : value,
  ),
  storing('loses names such as __proto__', 'values/every-kind', (value) =>
    isRecord(value) ? assigned(value) : value,
  ),
  storing('replaces lone surrogates', 'values/every-kind', (value) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  ),
  bug(
    'takes falsy values for misses',
    'values/every-kind',
    (base) =>
      class extends base {
        override async get(key: string, options?: CallOptions): Promise<CacheValue | undefined> {
          return (await super.get(key, options)) || undefined;
        }
        override async getMany(keys: readonly string[]): Promise<(CacheValue | undefined)[]> {
          return Promise.all(keys.map((key) => this.get(key)));
        }
      },
  ),
  expiring('lives a millisecond too long', 'expiry/edge', (expiresAt) => expiresAt + 1),
  expiring('dies a millisecond too early', 'expiry/edge', (expiresAt) => expiresAt - 1),
  expiring(
    'takes milliseconds for seconds',
    'expiry/edge',
    (expiresAt, now) => now + (expiresAt - now) * 1_000,
  ),
  expiring('loses Infinity, as JSON does', 'expiry/edge', (expiresAt) =>
    expiresAt === Number.POSITIVE_INFINITY ? 0 : expiresAt,
  ),
  expiring('counts delays in 32 bits', 'expiry/edge', (expiresAt, now) =>
    expiresAt - now > 0x7fff_ffff ? now + 1 : expiresAt,
  ),
  bug(
    'prolongs the life of what is read',
    'model/commands',
    (base) =>
      class extends base {
        protected override _get(key: string): CacheEntry | undefined {
          const entry = super._get(key);
          if (entry === undefined || entry.expiresAt <= this.clock.now()) return entry;
          const expiresAt = this.clock.now() + 60_000;
          const prolonged = { ...entry, expiresAt, deadline: undefined };
          this.entries.set(key, prolonged);
          return prolonged;
        }
      },
  ),
  bug(
    'keeps the expiry of what it replaces',
    'model/commands',
    (base) =>
      class extends base {
        protected override _set(entry: CacheEntry): void {
          const { expiresAt } = this.entries.get(entry.key) ?? entry;
          super._set({ ...entry, expiresAt });
        }
      },
  ),
  bug(
    'takes a ttl of 0 for none',
    'model/commands',
    (base) =>
      class extends base {
        override set(key: string, value: CacheValue, options: CacheSetOptions = {}): Promise<void> {
          const { ttlMs, ...rest } = options;
          return super.set(key, value, ttlMs === 0 ? rest : options);
        }
      },
  ),
  bug(
    'refuses an expired write but keeps the old value',
    'model/commands',
    (base) =>
      class extends base {
        override async set(
          key: string,
          value: CacheValue,
          options: CacheSetOptions = {},
        ): Promise<void> {
          if ((options.expiresAt ?? Number.POSITIVE_INFINITY) > this.clock.now()) {
            await super.set(key, value, options);
          }
        }
      },
  ),
  bug(
    'ignores options it does not know',
    'input/refused',
    (base) =>
      class extends base {
        override set(key: string, value: CacheValue, options: CacheSetOptions = {}): Promise<void> {
          const { ttlMs, expiresAt, tags, signal } = options;
          return super.set(key, value, { ttlMs, expiresAt, tags, signal });
        }
      },
  ),
  bug(
    'lists keys that have expired',
    'expiry/edge',
    (base) =>
      class extends base {
        protected override _keys(prefix: string): string[] {
          return [...this.entries.keys()].filter((key) => key.startsWith(prefix));
        }
      },
  ),
  bug(
    'counts expired entries as deleted',
    'expiry/edge',
    (base) =>
      class extends base {
        protected override _delete(key: string): boolean {
          return this.entries.delete(key);
        }
      },
  ),
  bug(
    'sweeps everything',
    'model/commands',
    (base) =>
      class extends base {
        protected override _sweep(): number {
          const { size } = this.entries;
          this.entries.clear();
          return size;
        }
      },
  ),
  bug(
    'never sweeps by itself',
    'expiry/sweeps-by-itself',
    (base) =>
      class extends base {
        protected override async _open(): Promise<void> {}
      },
  ),
  bug(
    'leaves its timer behind',
    'lifecycle/states',
    (base) =>
      class extends base {
        protected override async _close(): Promise<void> {}
      },
  ),
  bug(
    'takes a prefix for a glob',
    'names/alike',
    (base) =>
      class extends base {
        protected override startsWith(key: string, prefix: string): boolean {
          return new RegExp(`^${prefix.split('*').map(literal).join('.*')}`).test(key);
        }
      },
  ),
  bug(
    'takes a prefix for a LIKE pattern',
    'names/alike',
    (base) =>
      class extends base {
        protected override startsWith(key: string, prefix: string): boolean {
          const parts = prefix.split('_').map((part) => part.split('%').map(literal).join('.*'));
          return new RegExp(`^${parts.join('.')}`).test(key);
        }
      },
  ),
  bug(
    'finds a prefix anywhere in the key',
    'names/alike',
    (base) =>
      class extends base {
        protected override startsWith(key: string, prefix: string): boolean {
          return key.includes(prefix);
        }
      },
  ),
  bug(
    'takes a prefix for a whole segment',
    'names/alike',
    (base) =>
      class extends base {
        protected override startsWith(key: string, prefix: string): boolean {
          return prefix === '' || key === prefix || key.startsWith(`${prefix}:`);
        }
      },
  ),
  bug(
    'does nothing for an empty prefix',
    'names/alike',
    (base) =>
      class extends base {
        protected override _invalidate(selector: CacheSelector): number {
          if ('prefix' in selector && selector.prefix === '') return 0;
          return super._invalidate(selector);
        }
      },
  ),
  naming('forgets the case of keys', 'names/alike', (key) => key.toLowerCase()),
  naming('normalizes keys', 'names/alike', (key) => key.normalize('NFC')),
  naming('ends keys at U+0000', 'names/alike', (key) => key.replace(/\0.*/s, '\0')),
  naming('cuts long keys', 'names/alike', (key) => key.slice(0, 250)),
  bug(
    'keeps entries as properties of an object',
    'names/alike',
    (base) =>
      class extends base {
        protected override _get(key: string): CacheEntry | undefined {
          const inherited: unknown = Reflect.get({}, key);
          if (inherited === undefined) return super._get(key);
          return { key, value: null, expiresAt: Number.POSITIVE_INFINITY, tags: [] };
        }
      },
  ),
  bug(
    'adds tags where it should replace them',
    'model/commands',
    (base) =>
      class extends base {
        protected override _set(entry: CacheEntry): void {
          const before = this.entries.get(entry.key)?.tags ?? [];
          super._set({ ...entry, tags: [...before, ...entry.tags] });
        }
      },
  ),
  bug(
    'remembers the tags of deleted entries',
    'model/commands',
    (base) =>
      class extends base {
        readonly #tags = new Map<string, readonly string[]>();

        protected override _set(entry: CacheEntry): void {
          this.#tags.set(entry.key, [...(this.#tags.get(entry.key) ?? []), ...entry.tags]);
          super._set({ ...entry, tags: this.#tags.get(entry.key) ?? [] });
        }
      },
  ),
  bug(
    'wants all tags of a selector',
    'model/commands',
    (base) =>
      class extends base {
        protected override isSelected(entry: CacheEntry, selector: CacheSelector): boolean {
          if ('prefix' in selector) return super.isSelected(entry, selector);
          return selector.tags.every((tag) => entry.tags.includes(tag));
        }
      },
  ),
  bug(
    'takes a tag for a prefix of tags',
    'model/commands',
    (base) =>
      class extends base {
        protected override isSelected(entry: CacheEntry, selector: CacheSelector): boolean {
          if ('prefix' in selector) return super.isSelected(entry, selector);
          return selector.tags.some((tag) => entry.tags.some((one) => one.startsWith(tag)));
        }
      },
  ),
  bug(
    'keeps the caller’s array of tags',
    'model/commands',
    (base) =>
      class extends base {
        readonly #arrays = new Map<string, readonly string[]>();

        override set(key: string, value: CacheValue, options: CacheSetOptions = {}): Promise<void> {
          if (options.tags !== undefined) this.#arrays.set(key, options.tags);
          return super.set(key, value, options);
        }
        protected override isSelected(entry: CacheEntry, selector: CacheSelector): boolean {
          return super.isSelected({ ...entry, tags: this.#arrays.get(entry.key) ?? [] }, selector);
        }
      },
  ),
  bug(
    'clears only keys with a prefix',
    'model/commands',
    (base) =>
      class extends base {
        protected override _clear(): void {
          for (const key of this.entries.keys()) if (key.includes(':')) this.entries.delete(key);
        }
      },
  ),
  clearingAll(ReferenceCache),
  bug(
    'leaves misses out of getMany',
    'model/commands',
    (base) =>
      class extends base {
        override async getMany(keys: readonly string[]): Promise<(CacheValue | undefined)[]> {
          return (await super.getMany(keys)).filter((value) => value !== undefined);
        }
      },
  ),
  bug(
    'answers a repeated key once',
    'model/commands',
    (base) =>
      class extends base {
        override getMany(keys: readonly string[]): Promise<(CacheValue | undefined)[]> {
          return super.getMany([...new Set(keys)]);
        }
      },
  ),
  bug(
    'has no bound',
    'bounds/entries',
    (base) =>
      class extends base {
        protected override evict(): void {}
      },
  ),
  bug(
    'counts no bytes',
    'bounds/bytes',
    (base) =>
      class extends base {
        protected override bytes(): number {
          return 0;
        }
        protected override evict(): void {
          if (this.entries.size > MAX_ENTRIES) this._clear();
        }
      },
  ),
  bug(
    'keeps the old value when the new one is too large',
    'bounds/bytes',
    (base) =>
      class extends base {
        protected override _set(entry: CacheEntry): void {
          const before = this.entries.get(entry.key);
          super._set(entry);
          if (before !== undefined && !this.entries.has(entry.key))
            this.entries.set(entry.key, before);
        }
      },
  ),
  bug(
    'ignores abort signals',
    'abort/calls',
    (base) =>
      class extends base {
        override get(key: string): Promise<CacheValue | undefined> {
          return super.get(key);
        }
      },
  ),
  bug(
    'answers misses when it is closed',
    'lifecycle/calls',
    (base) =>
      class extends base {
        override async get(key: string, options?: CallOptions): Promise<CacheValue | undefined> {
          return this.state === 'open' ? super.get(key, options) : undefined;
        }
      },
  ),
  bug(
    'counts getMany as one read',
    'model/commands',
    (base) =>
      class extends base {
        override async getMany(keys: readonly string[]): Promise<(CacheValue | undefined)[]> {
          await this.get(keys[0] ?? 'none');
          return keys.map((key) => this.entries.get(key)?.value);
        }
      },
  ),
  bug(
    'lets a slow write undo a later delete',
    'model/commands',
    (base) =>
      class extends base {
        protected override async _set(entry: CacheEntry): Promise<void> {
          await Promise.resolve();
          await Promise.resolve();
          await super._set(entry);
        }
      },
  ),
  bug(
    'ends lives by the wall clock',
    'expiry/edge',
    (base) =>
      class extends base {
        protected override isLive({ expiresAt }: CacheEntry): boolean {
          return expiresAt > this.clock.now();
        }
      },
  ),
  bug(
    'ends lives that began while the clock was ahead when it is there again',
    'expiry/edge',
    (base) =>
      class extends base {
        protected override isLive(entry: CacheEntry): boolean {
          return entry.tags.length === 0 ? entry.expiresAt > this.clock.now() : super.isLive(entry);
        }
      },
  ),
  bug(
    'forgets everything when the clock is set back',
    'expiry/edge',
    (base) =>
      class extends base {
        #last = 0;

        protected override isLive(entry: CacheEntry): boolean {
          const isBack = this.clock.now() < this.#last;
          this.#last = Math.max(this.#last, this.clock.now());
          return !isBack && super.isLive(entry);
        }
      },
  ),
  bug(
    'sweeps by the wall clock',
    'expiry/edge',
    (base) =>
      class extends base {
        protected override _sweep(): number {
          const before = this.entries.size;
          for (const { key, expiresAt } of [...this.entries.values()]) {
            if (expiresAt <= this.clock.now()) this.entries.delete(key);
          }
          return before - this.entries.size;
        }
      },
  ),
  bug(
    'lists by the wall clock',
    'expiry/edge',
    (base) =>
      class extends base {
        protected override _keys(prefix: string): string[] {
          return [...this.entries.values()]
            .filter(({ key, expiresAt }) => key.startsWith(prefix) && expiresAt > this.clock.now())
            .map(({ key }) => key);
        }
      },
  ),
  bug(
    'lets one damaged entry fail a read of many',
    'damage/one-of-many',
    (base) =>
      class extends base {
        protected override _getMany(keys: readonly string[]): CacheEntry[] {
          return keys.flatMap((key) => this._get(key) ?? []);
        }
      },
  ),
  bug(
    'hands out what it cannot read',
    'damage/one-of-many',
    (base) =>
      class extends base {
        protected override _get(key: string): CacheEntry | undefined {
          return this.entries.get(key);
        }
      },
  ),
  bug(
    'does not count what it cannot read',
    'damage/one-of-many',
    (base) =>
      class extends base {
        protected override readFailed(): undefined {}
      },
  ),
  bug(
    'writes nothing over what is damaged',
    'damage/one-of-many',
    (base) =>
      class extends base {
        protected override _set(entry: CacheEntry): void | Promise<void> {
          if (this.entries.get(entry.key)?.value !== DAMAGED) return super._set(entry);
        }
      },
  ),
  bug('forgets a write now and then', 'model/commands', (base) => {
    let writes = 0;
    return class extends base {
      protected override _set(entry: CacheEntry): void | Promise<void> {
        writes += 1;
        return writes % 50 === 0 ? undefined : super._set(entry);
      }
    };
  }),
  bug(
    'answers at most a thousand keys',
    'batches/large',
    (base) =>
      class extends base {
        override async getMany(
          keys: readonly string[],
          options?: CallOptions,
        ): Promise<(CacheValue | undefined)[]> {
          const answers = await super.getMany(keys, options);
          return answers.map((value, i) => (i < 1_000 ? value : undefined));
        }
      },
  ),
  bug(
    'mixes up the pieces of a large read',
    'batches/large',
    (base) =>
      class extends base {
        override async getMany(
          keys: readonly string[],
          options?: CallOptions,
        ): Promise<(CacheValue | undefined)[]> {
          if (keys.length <= 256) return super.getMany(keys, options);
          return [
            ...(await super.getMany(keys.slice(256), options)),
            ...(await super.getMany(keys.slice(0, 256), options)),
          ];
        }
      },
  ),
  bug(
    'drops what is beyond the thousandth entry of a batch',
    'batches/large',
    (base) =>
      class extends base {
        protected override async _setMany(entries: readonly CacheEntry[]): Promise<void> {
          await super._setMany(entries.slice(0, 1_000));
        }
      },
  ),
  bug(
    'lets all entries of a batch expire with the first',
    'expiry/edge',
    (base) =>
      class extends base {
        protected override async _setMany(entries: readonly CacheEntry[]): Promise<void> {
          const { expiresAt, deadline } = entries[0] ?? {};
          await super._setMany(
            entries.map((entry) => ({ ...entry, expiresAt: expiresAt ?? 0, deadline })),
          );
        }
      },
  ),
  bug(
    'gives all entries of a batch the tags of the first',
    'names/alike',
    (base) =>
      class extends base {
        protected override async _setMany(entries: readonly CacheEntry[]): Promise<void> {
          const tags = entries[0]?.tags ?? [];
          await super._setMany(entries.map((entry) => ({ ...entry, tags })));
        }
      },
  ),
  bug(
    'lists at most a thousand keys',
    'batches/large',
    (base) =>
      class extends base {
        protected override _keys(prefix: string): string[] {
          return super._keys(prefix).slice(0, 1_000);
        }
      },
  ),
  bug(
    'invalidates at most 256 entries at a time',
    'batches/large',
    (base) =>
      class extends base {
        protected override _invalidate(selector: CacheSelector): number {
          const selected = [...this.entries.values()].filter((one) =>
            this.isSelected(one, selector),
          );
          return selected.slice(0, 256).filter(({ key }) => this._delete(key)).length;
        }
      },
  ),
  bug(
    'takes prefixes in two Unicode forms for one',
    'names/alike',
    (base) =>
      class extends base {
        protected override startsWith(key: string, prefix: string): boolean {
          return key.normalize('NFC').startsWith(prefix.normalize('NFC'));
        }
      },
  ),
  bug(
    'takes tags in two Unicode forms for one',
    'names/alike',
    (base) =>
      class extends base {
        protected override isSelected(entry: CacheEntry, selector: CacheSelector): boolean {
          if ('prefix' in selector) return super.isSelected(entry, selector);
          const tags = entry.tags.map((tag) => tag.normalize('NFC'));
          return selector.tags.some((tag) => tags.includes(tag.normalize('NFC')));
        }
      },
  ),
  settingOther('cuts long tags', 'names/alike', (entry) => ({
    ...entry,
    tags: entry.tags.map((tag) => tag.slice(0, 255)),
  })),
  naming('takes long keys with the same ends for one', 'names/alike', (key) =>
    key.length <= 128 ? key : `${key.slice(0, 64)}~${key.slice(-64)}`,
  ),
  storing('exchanges highs and lows', 'values/every-kind', (value) =>
    value instanceof CandleSeries
      ? CandleSeries.fromTrustedColumns(value.key, { ...value, high: value.low, low: value.high })
      : value,
  ),
  storing('takes every series for one of minutes', 'values/every-kind', (value) =>
    value instanceof CandleSeries
      ? CandleSeries.fromTrustedColumns({ ...value.key, timeframe: '1m' }, value)
      : value,
  ),
  storing('cuts long texts', 'values/every-kind', (value) =>
    typeof value === 'string' ? value.slice(0, 65_535) : value,
  ),
  bug(
    'stores something else when its caller gives up',
    'model/commands',
    (base) =>
      class extends base {
        override async setMany(
          entries: readonly CacheWrite[],
          options?: CallOptions,
        ): Promise<void> {
          try {
            await super.setMany([...entries], options);
          } catch (error) {
            for (const { key } of entries)
              if (options?.signal?.aborted) await this.set(key, 'half');
            throw error;
          }
        }
      },
  ),
  bug(
    'never counts bytes down',
    'model/commands',
    (base) =>
      class extends base {
        #most = 0;

        protected override _usage(): CacheUsage {
          this.#most = Math.max(this.#most, this.bytes());
          return { ...super._usage(), bytes: this.#most };
        }
      },
  ),
  ...plantedClaimBugs,
];

/** Each has its own entries, in one store, and `clear` empties that. */
function clearingAll(Base: ReferenceClass): PlantedCacheBug {
  const store = new Map<string, Map<string, CacheEntry>>();
  class ClearingAll extends Base {
    protected override _clear(): void {
      for (const entries of store.values()) entries.clear();
    }
  }
  const name = 'clears what others keep below';
  return {
    name,
    caughtBy: 'cache/model/commands',
    harness: {
      name,
      create: async ({ clock, id }) => {
        const entries = store.get(id) ?? new Map<string, CacheEntry>();
        store.set(id, entries);
        return new ClearingAll({ clock, entries });
      },
    },
  };
}

/** For the processes that the suite starts. */
export const harnesses: readonly CacheHarness[] = [
  lastingHarness('reference-cache (lasting)'),
  ...plantedClaimBugs.map(({ harness }) => harness),
];

function isRecord(value: CacheValue): value is { readonly [key: string]: CacheValue } {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

function assigned(record: { readonly [key: string]: CacheValue }): CacheValue {
  const copy: Record<string, CacheValue> = {};
  for (const [name, value] of Object.entries(record)) copy[name] = value;
  return copy;
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
