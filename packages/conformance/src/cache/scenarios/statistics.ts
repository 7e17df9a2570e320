import type { CacheStatistics, IDataCache } from '@barkeep/cache';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';

export const statisticsScenarios: readonly CacheScenario[] = [
  scenario('stats/fresh', 'a fresh cache has counted nothing', async (cache) => {
    const stats = await cache.stats();
    const expected: CacheStatistics = {
      operations: stats.operations,
      hits: 0,
      misses: 0,
      hitRate: 0,
      writes: 0,
      deletes: 0,
      expirations: 0,
      evictions: 0,
      rejections: 0,
      failures: 0,
      entries: 0,
      bytes: stats.bytes,
    };
    assertEqual(stats, expected, 'stats');
  }),
  scenario(
    'stats/reads',
    'hits and misses are counted, each key of getMany for itself',
    async (cache) => {
      await cache.set('a', 1);
      await cache.get('a');
      await cache.get('x');
      await cache.getMany(['a', 'a', 'x', 'y']);
      await assertCounts(cache, { hits: 3, misses: 3, hitRate: 0.5 });
    },
  ),
  scenario('stats/expired-is-a-miss', 'an expired entry is a miss', async (cache, context) => {
    await cache.set('a', 1, { ttlMs: 1_000 });
    await context.advance(1_000 + context.timeStepMs);
    await cache.get('a');
    await assertCounts(cache, { hits: 0, misses: 1 });
  }),
  scenario('stats/writes', 'writes and deletes are counted', async (cache) => {
    await cache.set('a', 1);
    await cache.setMany([
      { key: 'a', value: 2 },
      { key: 'b', value: 3, tags: ['t'] },
      { key: 'c', value: 4 },
    ]);
    await assertCounts(cache, { writes: 4, entries: 3, deletes: 0 });
    await cache.delete('a');
    await cache.delete('x');
    await cache.invalidate({ tags: ['t'] });
    await assertCounts(cache, { deletes: 2, entries: 1, writes: 4 });
  }),
  scenario(
    'stats/looking-is-not-reading',
    'keys, stats and sweep count as no reads',
    async (cache) => {
      await cache.set('a', 1);
      await cache.keys();
      await cache.sweep();
      await assertCounts(cache, { hits: 0, misses: 0 });
    },
  ),
  scenario(
    'stats/bytes',
    'bytes grow with what is stored, and shrink when it goes',
    async (cache) => {
      const { bytes: empty } = await cache.stats();
      await cache.set('a', new Uint8Array(50_000));
      const { bytes: one } = await cache.stats();
      assertTrue(one - empty >= 50_000, `one entry of 50,000 bytes takes ${one - empty}`);
      await cache.set('a', new Uint8Array(10));
      const { bytes: small } = await cache.stats();
      assertTrue(small < one, `a small value takes less: ${small} < ${one}`);
      await cache.delete('a');
      assertEqual((await cache.stats()).bytes, empty, 'bytes when it is empty again');
    },
  ),
  scenario('stats/snapshot', 'statistics once given do not change', async (cache) => {
    const before = await cache.stats();
    const copy = { ...before };
    await cache.set('a', 1);
    await cache.get('a');
    assertEqual(before, copy, 'the statistics from before');
  }),
];

async function assertCounts(cache: IDataCache, expected: Partial<CacheStatistics>): Promise<void> {
  const stats = await cache.stats();
  const actual = Object.fromEntries(
    Object.keys(expected).map((name) => [name, stats[name as keyof CacheStatistics]]),
  );
  assertEqual(actual, expected, 'the counts');
}
