import { BarkeepError } from '@barkeep/core';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';
import { assertCached } from '../cached-state.ts';

export const concurrencyScenarios: readonly CacheScenario[] = [
  scenario(
    'concurrency/many-keys',
    'writes of different keys at a time are all stored',
    async (cache) => {
      const keys = Array.from({ length: 80 }, (_, i) => `k${i}`);
      await Promise.all(keys.map((key, i) => cache.set(key, i)));
      assertEqual(await Promise.all(keys.map((key) => cache.get(key))), [...keys.keys()], 'reads');
    },
  ),
  scenario(
    'concurrency/one-key',
    'of writes of one key at a time the last one called stays',
    async (cache) => {
      await Promise.all(Array.from({ length: 30 }, (_, i) => cache.set('key', i)));
      await assertCached(cache, 'key', 29, 'get');
    },
  ),
  scenario('concurrency/set-then-delete', 'a delete after a set under way wins', async (cache) => {
    const setting = cache.set('key', 1);
    const deleting = cache.delete('key');
    await Promise.all([setting, deleting]);
    await assertCached(cache, 'key', undefined, 'get');
  }),
  scenario('concurrency/set-then-clear', 'a clear after a set under way wins', async (cache) => {
    const setting = cache.set('key', 1, { tags: ['t'] });
    const clearing = cache.clear();
    await Promise.all([setting, clearing]);
    await assertCached(cache, 'key', undefined, 'get');
  }),
  scenario(
    'concurrency/set-then-invalidate',
    'an invalidation after a set under way wins',
    async (cache) => {
      const setting = cache.set('key', 1, { tags: ['t'] });
      const invalidating = cache.invalidate({ tags: ['t'] });
      await Promise.all([setting, invalidating]);
      await assertCached(cache, 'key', undefined, 'get');
    },
  ),
  scenario(
    'concurrency/read-your-write',
    'a read after a resolved write sees it',
    async (cache) => {
      for (let i = 0; i < 50; i += 1) {
        await cache.set('key', i);
        await assertCached(cache, 'key', i, `read ${i}`);
      }
    },
  ),
  scenario(
    'abort/write-under-way',
    'a write given up under way is stored whole or not at all',
    async (cache) => {
      const controller = new AbortController();
      const writing = cache.setMany(
        Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: i })),
        { signal: controller.signal },
      );
      controller.abort(new Error('enough'));
      const [outcome] = await Promise.allSettled([writing]);
      assertTrue(
        outcome.status === 'fulfilled' || BarkeepError.is(outcome.reason, 'ABORTED'),
        'it resolves or rejects with ABORTED',
      );
      await cache.set('after', 1);
      await assertCached(cache, 'after', 1, 'a later write');
    },
  ),
];
