import { runStorageConformance, type StorageHarness } from '@barkeep/conformance/storage';
import { type Clock, ManualClock, systemClock } from '@barkeep/core';
import { expect, it } from 'vitest';
import { ReferenceData, ReferenceStorage } from './planted-bugs/reference-storage.ts';

/** A harness that does not hand on the clock of its context. */
function harnessWith(clock: Clock): StorageHarness {
  const disks = new Map<string, ReferenceData>();
  return {
    name: 'reference-storage',
    create: ({ id }) => {
      const data = disks.get(id) ?? new ReferenceData();
      disks.set(id, data);
      return new ReferenceStorage({ clock, data }, { durability: 'volatile' });
    },
    model: { runs: 10 },
  };
}

it('lets a storage conform that its harness gave no clock', async () => {
  const { failed } = await runStorageConformance(harnessWith(systemClock));
  expect(failed).toEqual([]);
}, 90_000);

it('catches a storage that collects at any other time', async () => {
  const { failed } = await runStorageConformance(harnessWith(new ManualClock(5)));
  expect(failed.map(({ key }) => key)).toEqual([
    'storage/coverage/collected-now',
    // It stands still.
    'storage/maintenance/lease',
    'storage/backup/report',
    'storage/backup/given-up',
  ]);
}, 90_000);
