import { runSqliteDriverConformance } from '@barkeep/conformance/sqlite';
import { registerSqliteDriverConformance } from '@barkeep/conformance/sqlite/vitest';
import { describe, expect, it } from 'vitest';
import { harnesses } from './driver-harnesses.ts';
import { plantedDriverBugs } from './planted-driver-bugs.ts';

for (const harness of harnesses) registerSqliteDriverConformance(harness);

describe('planted bugs', () => {
  it.each(plantedDriverBugs)('a driver that $name is caught by $caughtBy', async (bug) => {
    const report = await runSqliteDriverConformance(bug.harness, { only: [bug.caughtBy] });
    expect(report.failed.map(({ key }) => key)).toEqual([bug.caughtBy]);
  });

  it('are many, and different', () => {
    const names = plantedDriverBugs.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(20);
    expect(new Set(names).size).toBe(names.length);
  });
});
