import { join } from 'node:path';
import type { HarnessContext, StorageHarness } from '@barkeep/conformance/storage';
import type { IMarketDataStorage } from '@barkeep/storage';
import { ReferenceData, type ReferenceOptions, ReferenceStorage } from './reference-storage.ts';

/** A storage that is wrong on purpose. A suite that lets it pass is not worth running. */
export interface PlantedStorageBug {
  /** What it does wrong, completing "a storage that …". */
  readonly name: string;
  /** The key of the scenario that must fail. Others may fail too. */
  readonly caughtBy: string;
  readonly harness: StorageHarness;
}

/** A reference storage in which a method is wrong. */
export function plantBug(
  name: string,
  caughtBy: string,
  Buggy: new (options: ReferenceOptions) => ReferenceStorage,
): PlantedStorageBug {
  return { name, caughtBy: `storage/${caughtBy}`, harness: referenceHarness(name, Buggy) };
}

/** A storage without the abstract base's care: parts of its public face are replaced. */
export function plantBugOutside(
  name: string,
  caughtBy: string,
  replace: (storage: IMarketDataStorage) => Partial<IMarketDataStorage>,
): PlantedStorageBug {
  const wrap = (storage: IMarketDataStorage) => replaceParts(storage, replace(storage));
  const harness = referenceHarness(name, ReferenceStorage, wrap);
  return { name, caughtBy: `storage/${caughtBy}`, harness };
}

/** The harness of the reference storage, or of a variant of it. */
export function referenceHarness(
  name = 'reference-storage',
  Variant: new (options: ReferenceOptions) => ReferenceStorage = ReferenceStorage,
  wrap: (storage: IMarketDataStorage) => IMarketDataStorage = (storage) => storage,
): StorageHarness {
  const disks = new Map<string, ReferenceData>();
  const open = (context: HarnessContext): IMarketDataStorage => {
    const { id, clock } = context;
    const path = join(context.directory, 'data');
    const data = disks.get(id) ?? ReferenceData.load(path);
    disks.set(id, data);
    return wrap(new Variant({ clock, data, path }));
  };
  return {
    name,
    module: new URL('planted-storage-bugs.ts', import.meta.url).href,
    create: (context) => {
      context.onCleanup(() => disks.delete(context.id));
      return open(context);
    },
  };
}

function replaceParts(
  storage: IMarketDataStorage,
  parts: Partial<IMarketDataStorage>,
): IMarketDataStorage {
  return new Proxy(storage, {
    get(target, name) {
      if (name in parts) return Reflect.get(parts, name);
      const part = Reflect.get(target, name, target);
      // Methods use private fields, which only the storage itself has.
      return typeof part === 'function' ? part.bind(target) : part;
    },
  });
}
