import type { CacheValue, IDataCache } from '@barkeep/cache';
import { BarkeepError } from '@barkeep/core';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';

const KEYS = ['a', 'b', 'c'];

/** Each changes something in one call; with what `KEYS` then are. */
const CHANGES: Readonly<
  Record<string, readonly [(cache: IDataCache) => Promise<unknown>, (CacheValue | undefined)[]]>
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

/** What lies below fails, is damaged, or the caller gives up. */
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
          const { writes, failures: before } = await cache.stats();
          const end = await context.beginFault(fault, cache);
          const outcome = await change(cache).then(
            () => undefined,
            (error: unknown) => error ?? 'nothing',
          );
          const [during, one] = [await cache.getMany(KEYS), await cache.get('a')];
          const missed = during.filter((value, i) => value === undefined && changed[i]).length;
          await end();
          const after = await cache.getMany(KEYS);
          if (outcome === undefined) {
            assertEqual(after, changed, `${what}: what it resolved to have done`);
            continue;
          }
          failures += 1;
          assertTrue(BarkeepError.is(outcome), `${what}: ${outcome} is a BarkeepError`);
          for (const [i, key] of KEYS.entries()) {
            for (const value of [during[i], after[i], ...(i === 0 ? [one] : [])]) {
              const known = [undefined, key, changed[i]];
              assertTrue(known.includes(value as never), `${what}: ${key} is not ${value}`);
            }
          }
          const stats = await cache.stats();
          assertEqual(stats.writes, writes, `${what}: the writes that are counted`);
          const isCounted = missed === 0 || stats.failures > before || after.includes(undefined);
          assertTrue(isCounted, `${what}: reads that fail are counted`);
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
        const damage = (): Promise<void> =>
          context.damage(way, { kind: 'entries', name: 'b' }, cache);
        await storeAll(cache);
        await damage();
        const { failures: before } = await cache.stats();
        assertEqual(await cache.getMany(KEYS), ['a', undefined, 'c'], `${way}: getMany of three`);
        const { failures } = await cache.stats();
        assertTrue(failures > before, `${way}: it is counted`);
        assertEqual(await cache.get('b'), undefined, `${way}: get`);
        await storeAll(cache);
        await damage();
        await cache.delete('b');
        assertEqual(await cache.get('b'), undefined, `${way}: get after a delete`);
        await storeAll(cache);
        await damage();
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
      for (const value of ['x', 'y'.repeat(50_000)]) {
        await cache.set('k0', 'before');
        const controller = new AbortController();
        const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
        const writing = cache.setMany(
          keys.map((key) => ({ key, value })),
          { signal: controller.signal },
        );
        controller.abort(new Error('enough'));
        const [outcome] = await Promise.allSettled([writing]);
        assertTrue(
          outcome.status === 'fulfilled' || BarkeepError.is(outcome.reason, 'ABORTED'),
          'it resolves or rejects with ABORTED',
        );
        await cache.set('after', 1);
        const values = [...(await cache.getMany(keys)), await cache.get('after')];
        const known = [undefined, value, 'before', 1];
        const strange = values.filter((one) => !known.includes(one as never));
        assertEqual(strange, [], 'values that nobody wrote');
        assertEqual(values.at(-1), 1, 'what was written later');
        await cache.clear();
      }
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
