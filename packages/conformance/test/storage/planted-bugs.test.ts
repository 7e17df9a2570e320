import { runStorageConformance } from '@barkeep/conformance/storage';
import { expect, it } from 'vitest';
import { plantedStorageBugs } from '../../src/storage/planted-bugs/planted-storage-bugs.ts';

it('plants many bugs, each under a name of its own', () => {
  const names = plantedStorageBugs.map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(80);
  expect(new Set(names).size).toBe(names.length);
});

it.each(plantedStorageBugs)('a storage that $name is caught by $caughtBy', async (bug) => {
  const { failed } = await runStorageConformance(bug.harness, { only: [bug.caughtBy] });
  expect(failed.map(({ key }) => key)).toEqual([bug.caughtBy]);
});
