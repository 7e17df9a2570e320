import { runStorageConformance } from '@barkeep/conformance/storage';
import { describe, expect, it } from 'vitest';
import { type LineStorageBug, lineStorageBugs } from './planted-bugs.ts';

/** It waits for events that never come. */
const PATIENT = 'storage/sharing/changes';

describe('bugs planted in a storage of lines in a file', () => {
  const patient = lineStorageBugs.filter(({ caughtBy }) => caughtBy === PATIENT);
  const others = lineStorageBugs.filter(({ caughtBy }) => caughtBy !== PATIENT);

  it.concurrent.each(patient)('one that $name is caught by $caughtBy', assertCaught);
  it.each(others)('one that $name is caught by $caughtBy', assertCaught);
});

async function assertCaught({ harness, caughtBy }: LineStorageBug): Promise<void> {
  const seeded = { ...harness, model: { seed: 1, shrinkMs: 0 } };
  const { failed } = await runStorageConformance(seeded, { only: [caughtBy] });
  expect(failed.map(({ key }) => key)).toEqual([caughtBy]);
}
