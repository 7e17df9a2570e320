import { runStorageConformance } from '@barkeep/conformance/storage';
import { registerStorageConformance } from '@barkeep/conformance/storage/vitest';
import { describe, expect, it } from 'vitest';
import { everySecond } from '../../../../tools/test-budget.ts';
import { fileHarness } from './planted-bugs/file-backup-bugs.ts';
import { plantBug, referenceHarness } from './planted-bugs/plant-bug.ts';
import { plantedStorageBugs } from './planted-bugs/planted-storage-bugs.ts';
import { ReferenceStorage } from './planted-bugs/reference-storage.ts';

registerStorageConformance({ ...referenceHarness(), model: { runs: 300 } });
registerStorageConformance({ ...fileHarness(), model: { runs: 1 } });

describe('planted bugs', () => {
  it.each(everySecond(plantedStorageBugs))(
    'a storage that $name is caught by $caughtBy',
    async (bug) => {
      const harness = { ...bug.harness, model: { seed: 7, shrinkMs: 0 } };
      const report = await runStorageConformance(harness, { only: [bug.caughtBy] });
      expect(report.failed.map(({ key }) => key)).toEqual([bug.caughtBy]);
    },
  );

  it('are many, and different', () => {
    const names = plantedStorageBugs.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(230);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the model', () => {
  /** Wrong in a way that no other scenario happens to look at. */
  const bug = plantBug(
    'loses a candle more when it removes four',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _remove(...[key, range]: Parameters<ReferenceStorage['_remove']>) {
        const { candles } = this.seriesOf(key);
        const { removed } = await super._remove(key, range);
        if (removed === 4) candles.delete(Math.max(...candles.keys()));
        return { removed };
      }
    },
  );

  it('finds what no other scenario looks for, and says how to find it again', async () => {
    const only = [bug.caughtBy];
    const first = { ...bug.harness, model: { seed: 7, shrinkMs: 2_000 } };
    const { failed } = await runStorageConformance(first, { only });
    const [seed, path] = repetitionOf(failed[0]?.error);
    const again = await runStorageConformance({ ...first, model: { seed, path } }, { only });
    expect(repetitionOf(again.failed[0]?.error)[0]).toBe(seed);
  });
});

function repetitionOf(error: unknown): [seed: number, path: string] {
  const [, seed, path] = /seed: (-?\d+), path: "([\d:]+)"/.exec(String(error)) ?? [];
  if (seed === undefined || path === undefined) throw new Error(`no seed and path in ${error}`);
  return [Number(seed), path];
}
