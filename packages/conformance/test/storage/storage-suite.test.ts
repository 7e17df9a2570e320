import { planScenarios } from '@barkeep/conformance';
import {
  runStorageConformance,
  type StorageHarness,
  storageSuite,
} from '@barkeep/conformance/storage';
import type { IMarketDataStorage, StorageCapabilities } from '@barkeep/storage';
import { describe, expect, it } from 'vitest';
import { referenceHarness } from './planted-bugs/plant-bug.ts';

const volatile: StorageCapabilities = {
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
    for (const key of keys) expect(key).toMatch(/^storage\/[a-z-]+\/[a-zA-Z0-9.-]+$/);
  });

  it('runs what it says for each set of capabilities, so that no scenario is lost unseen', () => {
    const counts = (capabilities: Partial<StorageCapabilities>) =>
      countByGroup({ ...volatile, ...capabilities });
    expect(counts({})).toMatchInlineSnapshot(`
      {
        "abort": 23,
        "all": 312,
        "capabilities": 5,
        "changes": 18,
        "close-finishes": 20,
        "concurrency": 8,
        "coverage": 19,
        "invalid": 35,
        "lifecycle": 32,
        "list": 4,
        "metadata": 7,
        "model": 1,
        "read": 25,
        "read-columns": 10,
        "read-many": 3,
        "remove": 9,
        "reopen": 1,
        "scan": 8,
        "snapshots": 19,
        "stats": 3,
        "symbols": 10,
        "values": 15,
        "write": 26,
        "write-uncovered": 11,
      }
    `);
    expect(counts({ durability: 'power-loss', integrity: true })).toMatchInlineSnapshot(`
      {
        "abort": 26,
        "all": 342,
        "capabilities": 5,
        "changes": 18,
        "close-finishes": 23,
        "concurrency": 8,
        "coverage": 19,
        "integrity": 8,
        "invalid": 35,
        "lifecycle": 36,
        "list": 4,
        "metadata": 7,
        "model": 2,
        "read": 25,
        "read-columns": 10,
        "read-many": 3,
        "remove": 9,
        "reopen": 11,
        "scan": 8,
        "snapshots": 20,
        "stats": 3,
        "symbols": 10,
        "values": 15,
        "write": 26,
        "write-uncovered": 11,
      }
    `);
    expect(counts({ durability: 'power-loss', revisions: true })).toMatchInlineSnapshot(`
      {
        "abort": 24,
        "all": 355,
        "capabilities": 5,
        "changes": 18,
        "close-finishes": 21,
        "concurrency": 8,
        "coverage": 19,
        "invalid": 35,
        "lifecycle": 34,
        "list": 4,
        "metadata": 7,
        "model": 2,
        "read": 25,
        "read-columns": 10,
        "read-many": 3,
        "remove": 9,
        "reopen": 11,
        "revisions": 26,
        "scan": 8,
        "snapshots": 21,
        "stats": 3,
        "symbols": 10,
        "values": 15,
        "write": 26,
        "write-uncovered": 11,
      }
    `);
    expect(counts({ backup: true })).toMatchInlineSnapshot(`
      {
        "abort": 23,
        "all": 334,
        "backup": 22,
        "capabilities": 5,
        "changes": 18,
        "close-finishes": 20,
        "concurrency": 8,
        "coverage": 19,
        "invalid": 35,
        "lifecycle": 32,
        "list": 4,
        "metadata": 7,
        "model": 1,
        "read": 25,
        "read-columns": 10,
        "read-many": 3,
        "remove": 9,
        "reopen": 1,
        "scan": 8,
        "snapshots": 19,
        "stats": 3,
        "symbols": 10,
        "values": 15,
        "write": 26,
        "write-uncovered": 11,
      }
    `);
    expect(counts({ maintenance: true })).toMatchInlineSnapshot(`
      {
        "abort": 34,
        "all": 361,
        "capabilities": 5,
        "changes": 18,
        "close-finishes": 31,
        "concurrency": 8,
        "coverage": 19,
        "invalid": 35,
        "lifecycle": 43,
        "list": 4,
        "maintenance": 15,
        "metadata": 7,
        "model": 1,
        "read": 25,
        "read-columns": 10,
        "read-many": 3,
        "remove": 9,
        "reopen": 1,
        "scan": 8,
        "snapshots": 20,
        "stats": 3,
        "symbols": 10,
        "values": 15,
        "write": 26,
        "write-uncovered": 11,
      }
    `);
  });

  it('tests each optional part both ways', () => {
    for (const part of ['integrity', 'maintenance', 'backup', 'revisions'] as const) {
      const without = skippedWith(volatile);
      const withPart = skippedWith({ ...volatile, [part]: true });
      expect(without).toContain(`storage/capabilities/${part}-declared`);
      expect(without).not.toContain(`storage/capabilities/${part}-undeclared`);
      expect(withPart).toContain(`storage/capabilities/${part}-undeclared`);
      expect(withPart).not.toContain(`storage/capabilities/${part}-declared`);
    }
  });
});

describe('a harness', () => {
  it('must say how to reopen what it declares to last', async () => {
    const { create } = referenceHarness();
    const harness: StorageHarness = { name: 'forgetful', create };
    const { failed } = await runStorageConformance(harness, { only: ['storage/reopen/empty'] });
    expect(String(failed[0]?.error)).toMatch('forgetful says its data lasts');
  });
});

function countByGroup(capabilities: StorageCapabilities): Record<string, number> {
  const groups = planOf(capabilities).planned.map(({ scenario }) => scenario.key.split('/')[1]);
  const counts = Object.entries(Object.groupBy(groups, (group) => group ?? '')).map(
    ([group, keys]) => [group, keys?.length ?? 0] as const,
  );
  return { ...Object.fromEntries(counts), all: groups.length };
}

function skippedWith(capabilities: StorageCapabilities): string[] {
  return planOf(capabilities).skipped.map(({ key }) => key);
}

function planOf(capabilities: StorageCapabilities) {
  return planScenarios<IMarketDataStorage>(storageSuite.scenarios, capabilities);
}
