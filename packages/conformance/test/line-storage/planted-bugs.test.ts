import { runStorageConformance } from '@barkeep/conformance/storage';
import { describe, expect, it } from 'vitest';
import { everySecond } from '../../../../tools/test-budget.ts';
import { type LineStorageBug, lineStorageBugs } from './planted-bugs.ts';

/** Most of what is planted loses events, for which a scenario waits in vain. */
const ARRIVAL_MS = 2_000;

describe('bugs planted in a storage of lines in a file', () => {
  it.each(everySecond(lineStorageBugs))('one that $name is caught by $caughtBy', assertCaught);
});

async function assertCaught({ harness, caughtBy }: LineStorageBug): Promise<void> {
  const seeded = { ...harness, arrivalMs: ARRIVAL_MS, model: { seed: 1, shrinkMs: 0 } };
  const { failed } = await runStorageConformance(seeded, { only: [caughtBy] });
  expect(failed.map(({ key }) => key)).toEqual([caughtBy]);
}
