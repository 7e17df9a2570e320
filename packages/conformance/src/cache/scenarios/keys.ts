import type { IDataCache } from '@barkeep/cache';
import { assertEqual, assertRejects } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';
import { assertCached, assertKeys } from '../cached-state.ts';

/** Keys that have a meaning to something below: to objects, file systems, globs, SQL and Redis. */
export const HOSTILE_KEYS: readonly string[] = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  '0',
  '-0',
  ' ',
  ' key ',
  '.',
  '..',
  '../../etc/passwd',
  'a/b\\c',
  'CON',
  'nul.txt',
  'a:b',
  'a::b',
  '*',
  'a*',
  '%',
  'a_b',
  '[a-z]',
  '?{}',
  "'; DROP TABLE candles; --",
  '\n\r\t',
  '\u0000',
  'key\u0000hidden',
  '비트코인',
  '🚀',
  'é',
  'e\u0301',
  'KEY',
  'key',
  'x'.repeat(1_024),
  '🚀'.repeat(512),
];

const BAD_KEYS: Readonly<Record<string, unknown>> = {
  empty: '',
  'too-long': 'x'.repeat(1_025),
  'lone-surrogate': 'a\ud800b',
  number: 1,
  undefined: undefined,
  null: null,
  object: { toString: () => 'key' },
};

const KEYED_CALLS: Readonly<Record<string, (cache: IDataCache, key: never) => Promise<unknown>>> = {
  get: (cache, key) => cache.get(key),
  getMany: (cache, key) => cache.getMany(['key', key]),
  set: (cache, key) => cache.set(key, 1),
  setMany: (cache, key) =>
    cache.setMany([
      { key: 'first', value: 1 },
      { key, value: 1 },
    ]),
  delete: (cache, key) => cache.delete(key),
};

export const keyScenarios: readonly CacheScenario[] = [
  scenario(
    'keys/hostile',
    'keys that mean something elsewhere are plain names here',
    async (cache) => {
      for (const [i, key] of HOSTILE_KEYS.entries()) await cache.set(key, i);
      for (const [i, key] of HOSTILE_KEYS.entries()) {
        await assertCached(cache, key, i, `get ${JSON.stringify(key.slice(0, 20))}`);
      }
      await assertKeys(cache, '', HOSTILE_KEYS, 'keys');
      for (const [i, key] of HOSTILE_KEYS.entries()) {
        const what = JSON.stringify(key.slice(0, 20));
        assertEqual(await cache.delete(key), true, `delete ${what}`);
        assertEqual((await cache.keys()).length, HOSTILE_KEYS.length - i - 1, `keys after ${what}`);
      }
    },
  ),
  scenario(
    'keys/inherited-names',
    'names that every object has are misses until they are set',
    async (cache) => {
      const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
      assertEqual(
        await cache.getMany(names),
        names.map(() => undefined),
        'getMany',
      );
      for (const name of names) assertEqual(await cache.delete(name), false, `delete ${name}`);
    },
  ),
  scenario('keys/case-and-form', 'keys differ by case and by Unicode form', async (cache) => {
    const keys = ['key', 'KEY', 'Key', 'é', 'e\u0301'];
    await cache.setMany(keys.map((key, value) => ({ key, value })));
    assertEqual(await cache.getMany(keys), [0, 1, 2, 3, 4], 'getMany');
  }),
  scenario(
    'keys/long-alike',
    'long keys that differ in their last character are two keys',
    async (cache) => {
      const start = 'x'.repeat(1_023);
      await cache.set(`${start}a`, 'a');
      await cache.set(`${start}b`, 'b');
      assertEqual(await cache.getMany([`${start}a`, `${start}b`]), ['a', 'b'], 'getMany');
    },
  ),
  scenario(
    'keys/prefix',
    'keys lists those that start with a prefix, taken literally',
    async (cache) => {
      const keys = ['a', 'ab', 'abc', 'b', 'a*c', 'a%', 'a_', 'a:b', 'A', '[a', '\\a'];
      await cache.setMany(keys.map((key) => ({ key, value: key })));
      await assertKeys(cache, '', keys, 'all');
      await assertKeys(cache, 'a', ['a', 'ab', 'abc', 'a*c', 'a%', 'a_', 'a:b'], 'a');
      await assertKeys(cache, 'ab', ['ab', 'abc'], 'ab');
      await assertKeys(cache, 'a*', ['a*c'], 'a*');
      await assertKeys(cache, '*', [], '*');
      await assertKeys(cache, 'a%', ['a%'], 'a%');
      await assertKeys(cache, 'a_', ['a_'], 'a_');
      await assertKeys(cache, 'a:', ['a:b'], 'a:');
      await assertKeys(cache, '[', ['[a'], '[');
      await assertKeys(cache, '\\', ['\\a'], 'backslash');
      await assertKeys(cache, '?', [], '?');
      await assertKeys(cache, 'none', [], 'none');
      assertEqual((await cache.keys()).length, keys.length, 'keys without a prefix');
    },
  ),
  ...Object.entries(BAD_KEYS).map(([name, key]) =>
    scenario(
      `keys/rejects-${name}`,
      `every method refuses a key that is ${name}`,
      async (cache) => {
        for (const [method, call] of Object.entries(KEYED_CALLS)) {
          await assertRejects(() => call(cache, key as never), 'INVALID_INPUT', method, {
            field: 'key',
          });
        }
        await assertKeys(cache, '', [], 'keys');
      },
    ),
  ),
  scenario('keys/rejects-bad-prefix', 'a prefix that no key can have is refused', async (cache) => {
    for (const prefix of ['\ud800', 'x'.repeat(1_025), 1, null]) {
      await assertRejects(() => cache.keys(prefix as never), 'INVALID_INPUT', 'keys', {
        field: 'prefix',
      });
    }
  }),
  scenario(
    'keys/names-index',
    'of many keys the first bad one is named by its index',
    async (cache) => {
      await assertRejects(() => cache.getMany(['a', 'b', '']), 'INVALID_INPUT', 'getMany', {
        field: 'key',
        index: 2,
      });
      await assertRejects(() => cache.getMany('abc' as never), 'INVALID_INPUT', 'getMany', {
        field: 'keys',
      });
    },
  ),
];
