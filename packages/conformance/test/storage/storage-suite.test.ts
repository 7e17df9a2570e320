import { planScenarios } from '@barkeep/conformance';
import {
  runStorageConformance,
  type StorageHarness,
  storageSuite,
} from '@barkeep/conformance/storage';
import type { IMarketDataStorage, StorageCapabilities } from '@barkeep/storage';
import { describe, expect, it } from 'vitest';
import { referenceHarness } from './planted-bugs/plant-bug.ts';
import { ReferenceData, ReferenceStorage } from './planted-bugs/reference-storage.ts';

const least: StorageCapabilities = {
  durability: 'volatile',
  changes: 'process',
  sharing: 'exclusive',
  platforms: ['node'],
  revisions: false,
  integrity: false,
  maintenance: false,
  backup: false,
};

describe('the storage suite', () => {
  it('has a stable and unique key for each scenario', () => {
    const keys = storageSuite.scenarios.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^storage\/[a-z-]+\/[a-z-]+$/);
  });

  it('has more scenarios for each capability, so that none is lost unseen', () => {
    const count = (capabilities: Partial<StorageCapabilities>) =>
      planScenarios<IMarketDataStorage>(storageSuite.scenarios, { ...least, ...capabilities })
        .planned.length;
    expect({
      least: count({}),
      snapshot: count({ durability: 'snapshot' }),
      crash: count({ durability: 'process-crash' }),
      shared: count({ sharing: 'multi-process' }),
      sharedRevisions: count({ sharing: 'multi-process', revisions: true }),
      integrity: count({ integrity: true }),
      maintenance: count({ maintenance: true }),
      backup: count({ backup: true }),
    }).toMatchInlineSnapshot(`
      {
        "backup": 52,
        "crash": 43,
        "integrity": 43,
        "least": 40,
        "maintenance": 51,
        "shared": 46,
        "sharedRevisions": 46,
        "snapshot": 43,
      }
    `);
  });
});

describe('a harness', () => {
  const crowded = (Storage: typeof ReferenceStorage): StorageHarness => {
    const data = new ReferenceData();
    return { name: 'crowded', create: ({ clock }) => new Storage({ clock, data }) };
  };

  it('is told first when it gives two contexts the same data', async () => {
    await expect(runStorageConformance(crowded(ReferenceStorage))).rejects.toThrow(
      /crowded: create\(\) gives two contexts the same data.*context\.id/,
    );
  });

  it('must name its module where data is declared to outlive a process', async () => {
    const { module: _, ...harness } = referenceHarness('forgetful');
    const { failed } = await runStorageConformance(harness, {
      only: ['storage/durability/flush'],
    });
    expect(String(failed[0]?.error)).toMatch('forgetful: its harness needs module');
  });

  it('has its skipped scenarios named with a reason', async () => {
    const { skipped } = await runStorageConformance(referenceHarness(), {
      only: ['storage/faults/atomic', 'storage/sharing/changes'],
    });
    expect(skipped).toEqual([
      { key: 'storage/faults/atomic', reason: 'its harness knows no faults of what lies below' },
      { key: 'storage/sharing/changes', reason: 'its data is not shared by declaration' },
    ]);
  });
});
