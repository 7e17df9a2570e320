import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { needs } from '../../conformance-suite.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';
import type { CacheChange, CacheCommand, Method } from '../model/cache-command.ts';
import { ask, CacheModelRun } from '../model/cache-model-run.ts';

const KEYS = ['a', 'b', 'c'];
const ENTRIES = KEYS.map((key) => ({ key, value: key, tags: key === 'b' ? [] : ['t'] }));

const CHANGES: readonly CacheChange[] = [
  ['set', 'a', 'new', { tags: ['t'] }],
  ['setMany', ['a', 'c'].map((key) => ({ key, value: 'new' }))],
  ['set', 'a', 'new', { ttlMs: 0 }],
  ['delete', 'b'],
  ['invalidate', { tags: ['t'] }],
  ['invalidate', { prefix: 'c' }],
  ['clear'],
];

/** What makes an entry good again, or removes it. */
const REPAIRS: readonly CacheChange[] = [
  ['setMany', ENTRIES],
  ['delete', 'b'],
  ['invalidate', { prefix: '' }],
  ['clear'],
];

type Refused = readonly [method: Method, parameters: readonly unknown[], details: object];

/** Samples of each method: the contract's own tests have every rule. */
const REFUSED: readonly Refused[] = [
  ['get', [''], { field: 'key' }],
  ['getMany', [['a', 'x'.repeat(1_025)]], { field: 'key', index: 1 }],
  ['set', ['a', undefined], { field: 'value' }],
  ['set', ['a', 1, { ttl: 60 }], { field: 'options' }],
  ['setMany', [[{ key: 'a', value: 2 }, { key: 'b' }]], { field: 'value', index: 1 }],
  ['delete', [1], { field: 'key' }],
  ['invalidate', [{ prefix: 'a', tags: ['t'] }], { field: 'selector' }],
  ['keys', ['\ud800'], { field: 'prefix' }],
];

/** Calls break a rule, what lies below fails, or it is damaged. */
export const failureScenarios: readonly CacheScenario[] = [
  scenario(
    'input/refused',
    'what breaks a rule is refused with the rule’s field, and changes nothing',
    async (cache) => {
      await cache.set('a', 'before', { tags: ['t'] });
      for (const [method, parameters, details] of REFUSED) {
        const what = `${method} with a wrong ${Object.values(details)[0]}`;
        const refused = () => ask(cache, method, ...parameters);
        await assertRejects(refused, 'INVALID_INPUT', what, { ...details });
        assertEqual(await cache.get('a'), 'before', `the value after ${what}`);
        assertEqual(await cache.keys(), ['a'], `the keys after ${what}`);
      }
    },
  ),
  scenario(
    'faults/told',
    'a change that fails below is an error, and what was there is right or gone',
    async (cache, context) => {
      for (const fault of context.faults) {
        const run = new CacheModelRun(context, [cache]);
        const failing = CHANGES.flatMap((change): CacheCommand[] => [
          ['setMany', ENTRIES],
          ['failing', fault, change],
        ]);
        await run.execute([...failing, ['setMany', ENTRIES]]);
        assertTrue(run.failures > 0, `${fault} makes at least one of the changes fail`);
      }
    },
    { ...needs('faults'), timeoutMs: 60_000 },
  ),
  scenario(
    'damage/one-of-many',
    'a damaged or foreign entry is a counted miss by itself, until it is written again',
    async (cache, context) => {
      for (const way of context.damages) {
        for (const [method, ...parameters] of REPAIRS) {
          await cache.setMany(ENTRIES);
          await context.damage(way, { kind: 'entries', name: 'b' }, cache);
          const { failures: before } = await cache.stats();
          assertEqual(await cache.getMany(KEYS), ['a', undefined, 'c'], `${way}: getMany`);
          const { failures } = await cache.stats();
          assertTrue(failures > before, `${way}: it is counted`);
          assertEqual(await cache.get('b'), undefined, `${way}: get`);
          await ask(cache, method, ...parameters);
          const value = method === 'setMany' ? 'b' : undefined;
          assertEqual(await cache.get('b'), value, `${way}: get after ${method}`);
          const isListed = (await cache.keys()).includes('b');
          assertEqual(
            isListed,
            method === 'setMany',
            `${way}: whether it is listed after ${method}`,
          );
        }
      }
    },
    needs('damages'),
  ),
];
