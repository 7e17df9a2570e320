import { runPersisterConformance } from '@barkeep/conformance/sqlite';
import { registerPersisterConformance } from '@barkeep/conformance/sqlite/vitest';
import { describe, expect, it } from 'vitest';
import { harnesses } from './persister-harnesses.ts';
import { plantedPersisterBugs } from './planted-persister-bugs.ts';

for (const harness of harnesses) registerPersisterConformance(harness);

describe('planted bugs', () => {
  it.each(plantedPersisterBugs)('a persister that $name is caught by $caughtBy', async (bug) => {
    const report = await runPersisterConformance(
      { ...bug.harness, model: { seed: 1 } },
      {
        only: [bug.caughtBy],
      },
    );
    expect(report.failed.map(({ key }) => key)).toEqual([bug.caughtBy]);
  });

  it('are many, and different', () => {
    const names = plantedPersisterBugs.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(19);
    expect(new Set(names).size).toBe(names.length);
  });
});
