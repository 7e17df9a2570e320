import { assertEqual, assertTrue } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';
import { assertCached, assertKeys } from '../cached-state.ts';

/** What something else put where an entry is kept. */
export const damageScenarios: readonly CacheScenario[] = [
  scenario(
    'damage/one-of-many',
    'a damaged or foreign entry is a counted miss by itself, until it is written again',
    async (cache, context) => {
      for (const way of context.damages) {
        const damage = (): Promise<void> =>
          context.damage(way, { kind: 'entries', name: 'b' }, cache);
        await cache.setMany(['a', 'b', 'c'].map((key) => ({ key, value: key, tags: ['t'] })));
        await damage();
        const { failures: before } = await cache.stats();
        assertEqual(
          await cache.getMany(['a', 'b', 'c']),
          ['a', undefined, 'c'],
          `${way}: getMany of three`,
        );
        const { failures } = await cache.stats();
        assertTrue(failures > before, `${way}: it is counted`);
        await assertCached(cache, 'b', undefined, `${way}: get`);
        await cache.set('b', 'again', { tags: ['t'] });
        await assertCached(cache, 'b', 'again', `${way}: get after the next write`);
        await damage();
        await cache.delete('b');
        await assertCached(cache, 'b', undefined, `${way}: get after a delete`);
        await cache.set('b', 'b', { tags: ['t'] });
        await damage();
        await cache.invalidate({ tags: ['t'] });
        await assertKeys(cache, '', [], `${way}: keys after an invalidation`);
        await cache.clear();
      }
    },
    {
      requires: (_, harness) =>
        harness?.damages === undefined ? 'nothing else can get at what it keeps' : undefined,
    },
  ),
];
