import type { IDataCache } from '@barkeep/cache';
import { describe, expect, it } from 'vitest';
import {
  cacheSuite,
  type HarnessContext,
  type KeptPlace,
  runCacheConformance,
} from '../../src/cache/index.ts';
import { registerCacheConformance } from '../../src/cache/vitest.ts';
import { PLANTED_CACHE_BUGS } from './planted-cache-bugs.ts';
import { ReferenceCache } from './reference-cache.ts';

const damages = {
  'a value that cannot be read': (place: KeptPlace, _: HarnessContext, subject: IDataCache) => {
    if (subject instanceof ReferenceCache) subject.damage(place.name);
  },
};

registerCacheConformance({
  name: 'reference-cache',
  create: async ({ clock }) => new ReferenceCache(clock),
  damages,
});

describe('planted bugs', () => {
  it.each(PLANTED_CACHE_BUGS)('an adapter that $name is caught by $caughtBy', async (planted) => {
    const report = await runCacheConformance(
      { name: planted.name, create: async ({ clock }) => planted.create(clock), damages },
      { only: [planted.caughtBy] },
    );
    expect(report.passed).toEqual([]);
    expect(report.failed.map(({ key }) => key)).toEqual([planted.caughtBy]);
  });

  it('are many, and different', () => {
    expect(PLANTED_CACHE_BUGS.length).toBeGreaterThanOrEqual(20);
    expect(new Set(PLANTED_CACHE_BUGS.map(({ name }) => name)).size).toBe(
      PLANTED_CACHE_BUGS.length,
    );
  });
});

describe('the suite', () => {
  it('has a stable key for each scenario', () => {
    const keys = cacheSuite.scenarios.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^cache\/[a-zA-Z-]+\/\S+$/);
  });

  it('says why it skips what a cache does not declare', async () => {
    const report = await runCacheConformance({
      name: 'unbounded',
      create: async ({ clock }) =>
        new ReferenceCache(clock, { maxEntries: undefined, maxBytes: 2 ** 40 }),
      model: { runs: 10 },
    });
    expect(report.failed).toEqual([]);
    expect(report.skipped.map(({ key }) => key)).toEqual([
      'cache/bounds/entries',
      'cache/bounds/entries-batch',
      'cache/bounds/bytes',
      'cache/bounds/bytes-replace',
      'cache/bounds/too-large',
      'cache/damage/one-of-many',
    ]);
    expect(report.passed.length + report.skipped.length).toBe(cacheSuite.scenarios.length);
  });
});
