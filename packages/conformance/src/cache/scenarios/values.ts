import { assertEqual, assertRejects } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';
import { assertCached, assertSameValue } from '../cached-state.ts';
import { largeValue, SAMPLE_VALUES } from '../sample-values.ts';

const circle: unknown[] = [];
circle.push(circle);

const NOT_VALUES: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  function: () => 1,
  symbol: Symbol('s'),
  date: new Date(0),
  map: new Map(),
  'nested-undefined': { a: [undefined] },
  'nested-function': [{ f: () => 1 }],
  hole: new Array(1),
  circle,
  'float32-array': new Float32Array(1),
};

export const valueScenarios: readonly CacheScenario[] = [
  ...Object.entries(SAMPLE_VALUES).map(([name, value]) =>
    scenario(`values/${name}`, `the value ${name} comes back bit for bit`, async (cache) => {
      await cache.set('key', value);
      await assertCached(cache, 'key', value, 'get');
      assertSameValue((await cache.getMany(['key']))[0], value, 'getMany');
      await cache.setMany([{ key: 'many', value }]);
      await assertCached(cache, 'many', value, 'get after setMany');
    }),
  ),
  scenario('values/large', 'a value of a megabyte comes back bit for bit', async (cache) => {
    await cache.set('key', largeValue());
    await assertCached(cache, 'key', largeValue(), 'get');
  }),
  scenario('values/replace-kind', 'a value may replace one of another kind', async (cache) => {
    for (const value of Object.values(SAMPLE_VALUES)) await cache.set('key', value);
    await cache.set('key', 'last');
    await assertCached(cache, 'key', 'last', 'get after many kinds');
  }),
  scenario('values/falsy-is-no-miss', 'null, false, 0 and "" are hits', async (cache) => {
    const values = [null, false, 0, ''];
    await cache.setMany(values.map((value, i) => ({ key: `k${i}`, value })));
    assertEqual(await cache.getMany(['k0', 'k1', 'k2', 'k3']), values, 'getMany');
    const { hits, misses } = await cache.stats();
    assertEqual({ hits, misses }, { hits: 4, misses: 0 }, 'the counts');
  }),
  ...Object.entries(NOT_VALUES).map(([name, value]) =>
    scenario(`values/rejects-${name}`, `${name} is no value and changes nothing`, async (cache) => {
      await cache.set('key', 'before');
      const set = (): Promise<void> => Reflect.apply(cache.set, cache, ['key', value]);
      await assertRejects(set, 'INVALID_INPUT', 'set');
      const entries = [
        { key: 'other', value: 1 },
        { key: 'key', value },
      ];
      const setMany = (): Promise<void> => Reflect.apply(cache.setMany, cache, [entries]);
      await assertRejects(setMany, 'INVALID_INPUT', 'setMany', { index: 1 });
      await assertCached(cache, 'key', 'before', 'the value before');
      await assertCached(cache, 'other', undefined, 'the other entry of the batch');
    }),
  ),
];
