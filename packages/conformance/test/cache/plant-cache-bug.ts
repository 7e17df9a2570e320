import { join } from 'node:path';
import type { CacheEntry, CacheValue } from '@barkeep/cache';
import type { CacheHarness, HarnessContext, KeptPlace } from '@barkeep/conformance/cache';
import type { EpochMs } from '@barkeep/core';
import { EntryLog } from './entry-log.ts';
import { ReferenceCache } from './reference-cache.ts';

/** A mistake that adapters have made or could make, and the scenario that must catch it. */
export interface PlantedCacheBug {
  /** Completes "an adapter that …". */
  readonly name: string;
  readonly caughtBy: string;
  readonly harness: CacheHarness;
}

export type ReferenceClass = typeof ReferenceCache;
type LogClass = typeof EntryLog;

interface Plant {
  readonly Cache?: (base: ReferenceClass) => ReferenceClass;
  readonly Log?: (base: LogClass) => LogClass;
}

const DAMAGES: CacheHarness['damages'] & object = {
  'a value that cannot be read': ({ name }: KeptPlace, _: HarnessContext, subject) => {
    if (subject instanceof ReferenceCache) subject.damage(name);
  },
};

/** A harness of a cache in memory. */
export function memoryHarness(name: string, Cache: ReferenceClass = ReferenceCache): CacheHarness {
  return {
    name,
    create: async ({ clock }) => new Cache({ clock }),
    damages: DAMAGES,
  };
}

/** A harness of a cache whose entries are in a file that outlives it and is shared. */
export function lastingHarness(
  name: string,
  Cache: ReferenceClass = ReferenceCache,
  Log: LogClass = EntryLog,
): CacheHarness {
  const pathIn = ({ directory }: HarnessContext): string => join(directory, 'log');
  return {
    name,
    module: new URL('planted-cache-bugs.ts', import.meta.url).href,
    create: async (context) =>
      new Cache({
        clock: context.clock,
        entries: new Log(pathIn(context)),
        capabilities: { sharing: 'multi-process', persistent: true },
      }),
    damages: DAMAGES,
    faults: { 'a full disk': async (_, context) => EntryLog.refuse(pathIn(context)) },
  };
}

/** A cache in memory in which a method is wrong. */
export function bug(
  name: string,
  caughtBy: string,
  plant: (base: ReferenceClass) => ReferenceClass,
): PlantedCacheBug {
  const harness = memoryHarness(name, plant(ReferenceCache));
  return { name, caughtBy: `cache/${caughtBy}`, harness };
}

/** The same of a cache that keeps its entries in a file. */
export function lastingBug(
  name: string,
  caughtBy: string,
  { Cache = (base) => base, Log = (base) => base }: Plant,
): PlantedCacheBug {
  const harness = lastingHarness(name, Cache(ReferenceCache), Log(EntryLog));
  return { name, caughtBy: `cache/${caughtBy}`, harness };
}

export function storing(
  name: string,
  caughtBy: string,
  change: (value: CacheValue) => CacheValue,
): PlantedCacheBug {
  return settingOther(name, caughtBy, (entry) => ({ ...entry, value: change(entry.value) }));
}

export function expiring(
  name: string,
  caughtBy: string,
  change: (expiresAt: EpochMs, now: EpochMs) => EpochMs,
): PlantedCacheBug {
  return settingOther(name, caughtBy, (entry, now) => ({
    ...entry,
    expiresAt: change(entry.expiresAt, now),
    deadline: undefined,
  }));
}

export function naming(
  name: string,
  caughtBy: string,
  change: (key: string) => string,
): PlantedCacheBug {
  return bug(
    name,
    caughtBy,
    (base) =>
      class extends base {
        protected override _get(key: string): CacheEntry | undefined {
          return super._get(change(key));
        }
        protected override _set(entry: CacheEntry): void | Promise<void> {
          return super._set({ ...entry, key: change(entry.key) });
        }
        protected override _delete(key: string): boolean {
          return super._delete(change(key));
        }
      },
  );
}

/** Another entry is stored than the one that was given. */
export function settingOther(
  name: string,
  caughtBy: string,
  change: (entry: CacheEntry, now: EpochMs) => CacheEntry,
): PlantedCacheBug {
  return bug(
    name,
    caughtBy,
    (base) =>
      class extends base {
        protected override _set(entry: CacheEntry): void | Promise<void> {
          return super._set(change(entry, this.clock.now()));
        }
      },
  );
}
