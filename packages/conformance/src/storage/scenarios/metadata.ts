import type { JsonValue } from '@barkeep/core';
import { assertEqual } from '../../assertions.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';

const DOCUMENTS: Readonly<Record<string, JsonValue>> = {
  null: null,
  true: true,
  false: false,
  zero: 0,
  number: 0.1 + 0.2,
  'empty text': '',
  text: '비트코인 "quoted" \\ \n 🚀',
  list: [1, [2, [3, []]], null],
  object: { a: { b: { c: [] } }, '': 1, __proto__: null },
  large: 'x'.repeat(200_000),
};

export const metadataScenarios: readonly StorageScenario[] = [
  scenario(
    'metadata/round-trip',
    'every kind of JSON comes back as it was stored',
    async ({ metadata }) => {
      for (const [key, value] of Object.entries(DOCUMENTS)) await metadata.set(key, value);
      for (const [key, value] of Object.entries(DOCUMENTS)) {
        assertEqual(await metadata.get(key), value, `the document "${key}"`);
      }
    },
  ),
  scenario('metadata/absent', 'a document that is not there is undefined', async ({ metadata }) => {
    assertEqual(await metadata.get('never'), undefined, 'the document');
    assertEqual(await metadata.delete('never'), false, 'deleting it');
    assertEqual(await metadata.keys(), [], 'the keys');
  }),
  scenario('metadata/replace', 'a later value replaces an earlier one', async ({ metadata }) => {
    await metadata.set('note', { a: 1, b: 2 });
    await metadata.set('note', { a: 3 });
    assertEqual(await metadata.get('note'), { a: 3 }, 'the document');
    assertEqual(await metadata.keys(), ['note'], 'the keys');
  }),
  scenario('metadata/delete', 'a deleted document is gone, and no other', async ({ metadata }) => {
    await metadata.set('a', 1);
    await metadata.set('ab', 2);
    assertEqual(await metadata.delete('a'), true, 'deleting it');
    assertEqual(await metadata.delete('a'), false, 'deleting it again');
    assertEqual(await metadata.get('a'), undefined, 'the document');
    assertEqual(await metadata.get('ab'), 2, 'the other document');
  }),
  scenario(
    'metadata/keys',
    'keys come by prefix, taken literally, in code unit order',
    async ({ metadata }) => {
      const keys = [
        'users',
        'users-archive',
        'users%',
        'users_1',
        'usersX1',
        'Users',
        '*',
        'u',
        '비트',
      ];
      for (const key of keys) await metadata.set(key, key);
      const sorted = [
        '*',
        'Users',
        'u',
        'users',
        'users%',
        'users-archive',
        'usersX1',
        'users_1',
        '비트',
      ];
      assertEqual(await metadata.keys(), sorted, 'all keys');
      assertEqual(await metadata.keys(''), sorted, 'an empty prefix');
      assertEqual(await metadata.keys('users_'), ['users_1'], 'a prefix with an underscore');
      assertEqual(await metadata.keys('users%'), ['users%'], 'a prefix with a percent sign');
      assertEqual(await metadata.keys('*'), ['*'], 'a prefix with an asterisk');
      assertEqual(await metadata.keys('비'), ['비트'], 'a prefix beyond ASCII');
      assertEqual(await metadata.keys('users-archive-2'), [], 'a prefix without a match');
    },
  ),
  scenario(
    'metadata/not-shared',
    'a document is not tied to the objects that went in and out',
    async ({ metadata }) => {
      const value = { list: [1, 2] };
      await metadata.set('note', value);
      value.list.push(3);
      const read = await metadata.get('note');
      assertEqual(read, { list: [1, 2] }, 'after changing what was handed in');
      Object.assign(read ?? {}, { list: [] });
      assertEqual(
        await metadata.get('note'),
        { list: [1, 2] },
        'after changing what was handed out',
      );
    },
  ),
  scenario('metadata/hostile-keys', 'keys are opaque', async ({ metadata }) => {
    const keys = [
      "'; DROP TABLE metadata; --",
      '__proto__',
      '../../etc',
      ' ',
      'a/b',
      'A',
      'a',
      '🚀',
    ];
    for (const key of keys) await metadata.set(key, { key });
    for (const key of keys) assertEqual(await metadata.get(key), { key }, JSON.stringify(key));
    assertEqual((await metadata.keys()).length, keys.length, 'how many there are');
  }),
];
