import type { IDataCache } from '@barkeep/cache';
import { assertEqual, assertRejects } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';

/** Samples of each method: the contract's own tests have every rule. */
const REFUSED: Readonly<
  Record<string, readonly [call: (cache: IDataCache) => Promise<unknown>, details: object]>
> = {
  'get without a key': [(cache) => cache.get(''), { field: 'key' }],
  'getMany of a long key': [
    (cache) => cache.getMany(['a', 'x'.repeat(1_025)]),
    { field: 'key', index: 1 },
  ],
  'set of undefined': [(cache) => cache.set('key', undefined as never), { field: 'value' }],
  'set with an unknown option': [
    (cache) => cache.set('key', 1, { ttl: 60 } as never),
    { field: 'options' },
  ],
  'setMany with a bad first entry': [
    (cache) =>
      cache.setMany([
        { key: 'key', value: 2, expiresAt: -1 },
        { key: 'other', value: 1 },
      ]),
    { field: 'expiresAt', index: 0 },
  ],
  'delete of a number': [(cache) => cache.delete(1 as never), { field: 'key' }],
  'invalidate of two kinds': [
    (cache) => cache.invalidate({ prefix: 'k', tags: ['t'] }),
    { field: 'selector' },
  ],
  'keys from half a character': [(cache) => cache.keys('\ud800'), { field: 'prefix' }],
};

export const inputScenarios: readonly CacheScenario[] = [
  scenario(
    'input/refused',
    'what breaks a rule is refused with the rule’s field, and changes nothing',
    async (cache) => {
      await cache.set('key', 'before', { tags: ['t'] });
      for (const [what, [call, details]] of Object.entries(REFUSED)) {
        await assertRejects(() => call(cache), 'INVALID_INPUT', what, { ...details });
        assertEqual(await cache.get('key'), 'before', `the value after ${what}`);
        assertEqual(await cache.keys(), ['key'], `the keys after ${what}`);
      }
    },
  ),
];
