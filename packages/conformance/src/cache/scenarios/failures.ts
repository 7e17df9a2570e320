import type { IDataCache } from '@barkeep/cache';
import { BarkeepError } from '@barkeep/core';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';

const KEYS = ['a', 'b', 'c'];

/** Calls that change something, with what the keys have then. */
const CHANGES: Readonly<
  Record<string, readonly [(cache: IDataCache) => Promise<unknown>, (string | undefined)[]]>
> = {
  set: [(cache) => cache.set('a', 'new', { tags: ['t'] }), ['new', 'b', 'c']],
  setMany: [
    (cache) => cache.setMany(['a', 'c'].map((key) => ({ key, value: 'new' }))),
    ['new', 'b', 'new'],
  ],
  'set of what is expired': [(cache) => cache.set('a', 'new', { ttlMs: 0 }), [undefined, 'b', 'c']],
  delete: [(cache) => cache.delete('b'), ['a', undefined, 'c']],
  'invalidate by tag': [(cache) => cache.invalidate({ tags: ['t'] }), [undefined, 'b', undefined]],
  'invalidate by prefix': [(cache) => cache.invalidate({ prefix: 'c' }), ['a', 'b', undefined]],
  clear: [(cache) => cache.clear(), [undefined, undefined, undefined]],
};

/** What lies below fails or is damaged, and the caller gives up. */
export const failureScenarios: readonly CacheScenario[] = [
  scenario(
    'faults/told',
    'a change that fails below is an error, and what was there is right or gone',
    async (cache, context) => {
      for (const fault of context.faults) {
        let failures = 0;
        for (const [name, [change, changed]] of Object.entries(CHANGES)) {
          const what = `${name} with ${fault}`;
          await storeAll(cache);
          const { writes } = await cache.stats();
          const end = await context.beginFault(fault, cache);
          const [outcome] = await Promise.allSettled([change(cache)]);
          const during = await cache.getMany(KEYS);
          await end();
          const after = await cache.getMany(KEYS);
          if (outcome.status === 'fulfilled') {
            assertEqual(after, changed, `${what}: what it resolved to have done`);
            continue;
          }
          failures += 1;
          assertTrue(BarkeepError.is(outcome.reason), `${what} is a BarkeepError`);
          assertEqual((await cache.stats()).writes, writes, `${what}: the writes that are counted`);
          for (const [i, key] of KEYS.entries()) {
            assertOneOf([during[i], after[i]], [undefined, key, changed[i]], `${what}: ${key}`);
          }
        }
        assertTrue(failures > 0, `${fault} makes at least one of the changes fail`);
        await storeAll(cache);
      }
    },
    {
      requires: (_, { faults }) =>
        faults === undefined ? 'its harness knows no faults of what lies below' : undefined,
      timeoutMs: 60_000,
    },
  ),
  scenario(
    'damage/one-of-many',
    'a damaged or foreign entry is a counted miss by itself, until it is written again',
    async (cache, context) => {
      for (const way of context.damages) {
        const storeDamaged = async (): Promise<void> => {
          await storeAll(cache);
          await context.damage(way, { kind: 'entries', name: 'b' }, cache);
        };
        await storeDamaged();
        const { failures: before } = await cache.stats();
        assertEqual(await cache.getMany(KEYS), ['a', undefined, 'c'], `${way}: getMany of three`);
        const { failures } = await cache.stats();
        assertTrue(failures > before, `${way}: it is counted`);
        assertEqual(await cache.get('b'), undefined, `${way}: get`);
        await storeDamaged();
        await cache.delete('b');
        assertEqual(await cache.get('b'), undefined, `${way}: get after a delete`);
        await storeDamaged();
        await cache.invalidate({ prefix: '' });
        assertEqual(await cache.keys(), [], `${way}: keys after an invalidation`);
      }
    },
    {
      requires: (_, { damages }) =>
        damages === undefined ? 'nothing else can get at what it keeps' : undefined,
    },
  ),
  scenario(
    'abort/write-under-way',
    'each entry of a write that is given up under way is stored as a whole, or not at all',
    async (cache) => {
      const value = 'y'.repeat(50_000);
      const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
      await cache.set('k0', 'before');
      const controller = new AbortController();
      const entries = keys.map((key) => ({ key, value }));
      const writing = cache.setMany(entries, { signal: controller.signal });
      controller.abort(new Error('enough'));
      const [outcome] = await Promise.allSettled([writing]);
      const isAborted = outcome.status === 'rejected' && BarkeepError.is(outcome.reason, 'ABORTED');
      assertTrue(outcome.status === 'fulfilled' || isAborted, 'it resolves, or rejects as aborted');
      await cache.set('after', 1);
      assertEqual(await cache.get('after'), 1, 'what was written later');
      assertOneOf(await cache.getMany(keys), [undefined, value, 'before'], 'a value');
    },
  ),
  scenario(
    'clear/own-data',
    'clear leaves the data of another cache alone',
    async (cache, context) => {
      const other = await context.open();
      await storeAll(other);
      await storeAll(cache);
      await cache.clear();
      assertEqual(await other.getMany(KEYS), KEYS, 'the entries of the other cache');
    },
  ),
];

async function storeAll(cache: IDataCache): Promise<void> {
  await cache.setMany(KEYS.map((key) => ({ key, value: key, tags: key === 'b' ? [] : ['t'] })));
  assertEqual(await cache.getMany(KEYS), KEYS, 'what was stored just now');
}

function assertOneOf(values: readonly unknown[], known: readonly unknown[], what: string): void {
  for (const value of values) {
    if (!known.includes(value)) assertEqual(value, known[1], `${what} that nobody wrote`);
  }
}
