import { assertEqual, assertRejects } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';
import { assertCached, assertKeys } from '../cached-state.ts';

export const batchScenarios: readonly CacheScenario[] = [
  scenario('get-many/order', 'getMany answers in the order of the keys', async (cache) => {
    await cache.setMany(['a', 'b', 'c'].map((key) => ({ key, value: key })));
    assertEqual(await cache.getMany(['c', 'x', 'a', 'b']), ['c', undefined, 'a', 'b'], 'getMany');
  }),
  scenario('get-many/repeated', 'a key asked for twice is answered twice', async (cache) => {
    await cache.set('a', 1);
    assertEqual(await cache.getMany(['a', 'x', 'a']), [1, undefined, 1], 'getMany');
  }),
  scenario('get-many/empty', 'no keys are answered by no values', async (cache) => {
    assertEqual(await cache.getMany([]), [], 'getMany');
  }),
  scenario('set-many/all', 'setMany stores every entry', async (cache) => {
    const entries = Array.from({ length: 80 }, (_, i) => ({ key: `k${i}`, value: i }));
    await cache.setMany(entries);
    assertEqual(
      await cache.getMany(entries.map(({ key }) => key)),
      entries.map(({ value }) => value),
      'getMany',
    );
  }),
  scenario('set-many/last-wins', 'of equal keys in a batch the later one counts', async (cache) => {
    await cache.setMany([
      { key: 'a', value: 1, tags: ['first'] },
      { key: 'b', value: 2 },
      { key: 'a', value: 3, tags: ['second'] },
    ]);
    await assertCached(cache, 'a', 3, 'get');
    assertEqual(await cache.invalidate({ tags: ['first'] }), 0, 'with the tag of the first');
    assertEqual(await cache.invalidate({ tags: ['second'] }), 1, 'with the tag of the second');
  }),
  scenario('set-many/replaces', 'setMany replaces what was there', async (cache) => {
    await cache.set('a', 1, { ttlMs: 60_000, tags: ['old'] });
    await cache.setMany([{ key: 'a', value: 2 }]);
    await assertCached(cache, 'a', 2, 'get');
    assertEqual(await cache.invalidate({ tags: ['old'] }), 0, 'with the old tag');
  }),
  scenario('set-many/empty', 'no entries change nothing', async (cache) => {
    await cache.set('a', 1);
    await cache.setMany([]);
    await assertKeys(cache, '', ['a'], 'keys');
  }),
  scenario(
    'set-many/one-invalid',
    'one invalid entry rejects all, wherever it stands',
    async (cache) => {
      const bad = { key: '', value: 1 };
      const good = ['a', 'b', 'c'].map((key) => ({ key, value: 1 }));
      await cache.set('a', 'before');
      for (let index = 0; index <= good.length; index += 1) {
        const entries = good.toSpliced(index, 0, bad);
        await assertRejects(() => cache.setMany(entries), 'INVALID_INPUT', 'setMany', { index });
      }
      await assertKeys(cache, '', ['a'], 'keys');
      await assertCached(cache, 'a', 'before', 'get');
    },
  ),
  scenario('set-many/rejects', 'what is no list of entries is refused', async (cache) => {
    for (const entries of [undefined, null, {}, 'ab', [null], ['a'], [{ key: 'a' }]]) {
      await assertRejects(() => cache.setMany(entries as never), 'INVALID_INPUT', 'setMany');
    }
    const misspelt = [{ key: 'a', value: 1, ttl: 5 }];
    await assertRejects(() => cache.setMany(misspelt as never), 'INVALID_INPUT', 'setMany');
    await assertKeys(cache, '', [], 'keys');
  }),
];
