import { planScenarios } from '@barkeep/conformance';
import { type CacheHarness, cacheSuite, runCacheConformance } from '@barkeep/conformance/cache';
import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';
import { describe, expect, it } from 'vitest';
import { everySecond } from '../../../../tools/test-budget.ts';
import { memoryHarness } from './plant-cache-bug.ts';
import { harnesses, PLANTED_CACHE_BUGS } from './planted-cache-bugs.ts';
import { ReferenceCache } from './reference-cache.ts';

const [lasting] = harnesses;

registerCacheConformance(memoryHarness('reference-cache'));
if (lasting !== undefined) registerCacheConformance({ ...lasting, model: { runs: 200 } });

describe('planted bugs', () => {
  it.each(everySecond(PLANTED_CACHE_BUGS))(
    'an adapter that $name is caught by $caughtBy',
    async (planted) => {
      const harness = { ...planted.harness, model: { seed: 1, shrinkMs: 0 } };
      const report = await runCacheConformance(harness, { only: [planted.caughtBy] });
      expect(report.passed).toEqual([]);
      expect(report.failed.map(({ key }) => key)).toEqual([planted.caughtBy]);
    },
  );

  it('are many, and different', () => {
    expect(PLANTED_CACHE_BUGS.length).toBeGreaterThanOrEqual(99);
    expect(new Set(PLANTED_CACHE_BUGS.map(({ name }) => name)).size).toBe(
      PLANTED_CACHE_BUGS.length,
    );
  });
});

describe('the suite', () => {
  it('has a stable key for each scenario', () => {
    const keys = cacheSuite.scenarios.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^cache\/[a-z]+\/[a-z-]+$/);
  });

  it('says why it skips what a cache does not declare', () => {
    const { planned, skipped } = planScenarios(cacheSuite.scenarios, {
      ...new ReferenceCache({ clock: { now: () => 0, setTimer: () => ({ cancel: () => {} }) } })
        .capabilities,
      maxEntries: undefined,
      maxBytes: 2 ** 40,
    });
    expect(skipped.map(({ key }) => key)).toMatchInlineSnapshot(`
      [
        "cache/model/reopen",
        "cache/model/shared",
        "cache/bounds/entries",
        "cache/bounds/bytes",
        "cache/faults/told",
        "cache/damage/one-of-many",
        "cache/processes/changes",
      ]
    `);
    expect(planned.length + skipped.length).toBe(cacheSuite.scenarios.length);
  });

  it('prints the calls of a counterexample with their values', async () => {
    const bug = PLANTED_CACHE_BUGS.find(({ name }) => name === 'forgets a write now and then');
    if (bug === undefined) throw new Error('the bug is gone');
    const { failed } = await runCacheConformance(bug.harness, { only: [bug.caughtBy] });
    expect(String(failed[0]?.error)).toMatch(/ \d+: \["set[\s\S]*seed: -?\d+, path: "[\d:]+"/);
  });
});

describe('a harness', () => {
  it('that shares data between ids is told so before any scenario runs', async () => {
    const entries = new Map();
    let created = 0;
    const crowded: CacheHarness = {
      name: 'crowded',
      create: ({ clock }) => {
        created += 1;
        return new ReferenceCache({ clock, entries });
      },
    };
    await expect(runCacheConformance(crowded)).rejects.toThrow(
      /crowded: create\(\) gives two contexts the same data.*context\.id/,
    );
    // One for its capabilities, and two to compare.
    expect(created).toBe(3);
  });
});
