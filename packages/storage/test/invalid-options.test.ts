import type {
  BackupMedium,
  IIntegrityCheck,
  IStorageBackup,
  IStorageMaintenance,
} from '@barkeep/storage';
import { describe, expect, it } from 'vitest';
import { TinyStorage } from './tiny-storage.ts';

/** A storage with every part, which must receive nothing that is bad. */
class StorageOfAllParts extends TinyStorage {
  readonly #media: readonly BackupMedium[];

  constructor(media: readonly BackupMedium[] = ['file', 'bytes']) {
    super({ integrity: true, maintenance: true, backup: true });
    this.#media = media;
  }

  protected override _backupMedia(): readonly BackupMedium[] {
    return this.#media;
  }
}

interface Parts {
  readonly integrity: IIntegrityCheck;
  readonly maintenance: IStorageMaintenance;
  readonly backup: IStorageBackup;
}

type Method = { [Part in keyof Parts]: `${Part}.${keyof Parts[Part] & string}` }[keyof Parts];

/** Arguments that are refused, by the field that the error names. */
const BAD_ARGUMENTS: Readonly<
  Partial<Record<Method, Readonly<Record<string, readonly (readonly unknown[])[]>>>>
> = {
  'integrity.check': { symbol: [[{ symbol: '', timeframe: '1m' }]], key: [[null], [5]] },
  'integrity.repair': { timeframe: [[{ symbol: 'A', timeframe: '1 m' }]] },
  'integrity.quarantine': { timeframe: [[{ symbol: 'A' }]] },
  'maintenance.compact': { filter: [[{ symbols: 'A' }], [5]], symbol: [[{ symbol: '' }]] },
  'maintenance.explain': { filter: [[{ symbols: 'A' }]], timeframe: [[{ timeframe: '1x' }]] },
  'maintenance.fragmentation': { tables: [[{ tables: 'yes' }], [{ tables: 1 }]] },
  'maintenance.incrementalVacuum': {
    pages: [0, -1, 1.5, Number.NaN, '5'].map((pages) => [{ pages }]),
  },
  'maintenance.activity': { limit: [-1, 0.5, '1'].map((limit) => [{ limit }]) },
  'maintenance.lease': {
    name: ['', 5, 'a\0', undefined].map((name) => [{ name, owner: 'a', forMs: 1 }]),
    owner: ['', 5, '\ud800'].map((owner) => [{ name: 'work', owner, forMs: 1 }]),
    forMs: [-1, 0.5, '1', undefined].map((forMs) => [{ name: 'work', owner: 'a', forMs }]),
    request: [[{ name: 'work', owner: 'a', forMs: 1, until: 1 }]],
  },
  'backup.create': {
    options: [[{ too: 1 }], [null]],
    to: ['', ' ', 'a\0', 5].map((to) => [{ to }]),
    since: [[{ to: 'a', since: '' }]],
    overwrite: [[{ overwrite: 1 }]],
    deadlineMs: [0, -1, Number.NaN, '5'].map((deadlineMs) => [{ deadlineMs }]),
    onProgress: [[{ onProgress: 1 }]],
  },
  'backup.verify': { from: [[undefined], [''], [5]] },
  'backup.restore': {
    options: [[{ from: 'a', two: 1 }], [null]],
    from: [[{}], [{ from: 5 }]],
    to: [[{ from: 'a', to: '' }]],
    overwrite: [[{ from: 'a', overwrite: 'yes' }]],
    onProgress: [[{ from: 'a', onProgress: {} }]],
  },
  'backup.prune': {
    options: [[{ directory: 'a', keep: { last: 1 }, older: 1 }]],
    directory: [[{ keep: { last: 1 } }], [{ directory: '', keep: { last: 1 } }]],
    keep: [undefined, null, 5, {}, { last: 0 }, { yearly: 1 }].map((keep) => [
      { directory: 'a', keep },
    ]),
    'keep.last': [-1, 0.5, '1'].map((last) => [{ directory: 'a', keep: { last } }]),
    'keep.weekly': [[{ directory: 'a', keep: { weekly: Number.NaN } }]],
  },
};

describe('bad options are refused by field and rule, and reach no adapter', () => {
  it.each(Object.entries(BAD_ARGUMENTS))('%s', async (method, byField) => {
    const storage = new StorageOfAllParts();
    await storage.open();
    for (const [field, calls] of Object.entries(byField)) {
      for (const parameters of calls) {
        await expect(call(storage, method, parameters)).rejects.toMatchObject({
          code: 'INVALID_INPUT',
          details: { field, rule: expect.stringMatching(/./) },
        });
      }
    }
    expect(storage.received).toEqual([['_open']]);
    await storage.close();
  });

  it('a medium that a storage does not take', async () => {
    const ofFiles = new StorageOfAllParts(['file']);
    const ofBytes = new StorageOfAllParts(['bytes']);
    await Promise.all([ofFiles.open(), ofBytes.open()]);
    const refused = [
      [ofFiles, 'backup.create', [{}], 'INVALID_INPUT'],
      [ofFiles, 'backup.verify', [new Uint8Array(9)], 'INVALID_INPUT'],
      [ofBytes, 'backup.create', [{ to: 'a' }], 'UNSUPPORTED'],
      [ofBytes, 'backup.verify', ['a'], 'INVALID_INPUT'],
      [ofBytes, 'backup.restore', [{ from: new Uint8Array(9), to: 'a' }], 'UNSUPPORTED'],
      [ofBytes, 'backup.prune', [{ directory: 'a', keep: { last: 1 } }], 'UNSUPPORTED'],
    ] as const;
    for (const [storage, method, parameters, code] of refused) {
      await expect(call(storage, method, parameters)).rejects.toMatchObject({ code });
    }
    await Promise.all([ofFiles.close(), ofBytes.close()]);
  });
});

async function call(
  storage: StorageOfAllParts,
  method: string,
  parameters: readonly unknown[],
): Promise<unknown> {
  const [part = '', name = ''] = method.split('.');
  const owner: unknown = Reflect.get(storage, part);
  return Reflect.apply(Reflect.get(Object(owner), name), owner, parameters);
}
