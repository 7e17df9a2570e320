import { runStorageConformance } from '@barkeep/conformance/storage';
import { describe, expect, it } from 'vitest';
import { type OutsiderBug, outsiderBugs } from './planted-bugs.ts';

/** No scenario is there yet: once it is, this list turns red. */
const MISSING = ['storage/changes/columns'];
/** It waits for events that never come. */
const PATIENT = 'storage/sharing/changes';

describe("bugs planted in an outsider's storage", () => {
  const at = (caughtBy: string): OutsiderBug[] =>
    outsiderBugs.filter((bug) => bug.caughtBy === caughtBy);
  const others = outsiderBugs.filter(
    ({ caughtBy }) => caughtBy !== PATIENT && !MISSING.includes(caughtBy),
  );

  it.concurrent.each(at(PATIENT))('one that $name is caught by $caughtBy', assertCaught);
  it.each(others)('one that $name is caught by $caughtBy', assertCaught);
  it.fails.each(MISSING.flatMap(at))('one that $name is caught by $caughtBy', assertCaught);
});

async function assertCaught({ harness, caughtBy }: OutsiderBug): Promise<void> {
  const seeded = { ...harness, model: { seed: 7, shrinkMs: 0 } };
  const { failed } = await runStorageConformance(seeded, { only: [caughtBy] });
  expect(failed.map(({ key }) => key)).toEqual([caughtBy]);
}
