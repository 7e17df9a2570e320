import { runStorageConformance } from '@barkeep/conformance/storage';
import { describe, expect, it } from 'vitest';
import { outsiderBugs } from './planted-bugs.ts';

describe("bugs planted in an outsider's storage", () => {
  it.each(outsiderBugs)('one that $name is caught by $caughtBy', async (bug) => {
    const harness = { ...bug.harness, model: { runs: 1_000 } };
    const { failed } = await runStorageConformance(harness, { only: [bug.caughtBy] });
    expect(failed.map(({ key }) => key)).toEqual([bug.caughtBy]);
  });
});
