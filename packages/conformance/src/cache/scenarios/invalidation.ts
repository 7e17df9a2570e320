import { assertEqual, assertRejects } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';
import { assertCached, assertKeys } from '../cached-state.ts';

const BAD_SELECTORS: Readonly<Record<string, unknown>> = {
  none: undefined,
  null: null,
  text: 'prefix',
  empty: {},
  both: { prefix: 'a', tags: ['t'] },
  unknown: { pattern: 'a*' },
  'prefix-number': { prefix: 1 },
  'prefix-undefined': { prefix: undefined },
  'tags-text': { tags: 't' },
  'tags-undefined': { tags: undefined },
  'tag-empty': { tags: ['t', ''] },
};

export const invalidationScenarios: readonly CacheScenario[] = [
  scenario('delete/returns', 'delete says whether a live entry was there', async (cache) => {
    await cache.set('key', 1);
    assertEqual(await cache.delete('key'), true, 'the first delete');
    assertEqual(await cache.delete('key'), false, 'the second delete');
    await assertCached(cache, 'key', undefined, 'get');
  }),
  scenario('delete/only-that', 'delete removes no other entry', async (cache) => {
    await cache.setMany(['a', 'ab', 'b'].map((key) => ({ key, value: key, tags: ['t'] })));
    await cache.delete('a');
    await assertKeys(cache, '', ['ab', 'b'], 'keys');
  }),
  scenario(
    'invalidate/prefix',
    'a prefix removes the keys that start with it, and no others',
    async (cache) => {
      const keys = ['users', 'users:1', 'users-archive', 'user', 'xusers', 'USERS'];
      await cache.setMany(keys.map((key) => ({ key, value: key })));
      assertEqual(await cache.invalidate({ prefix: 'users:' }), 1, 'with users:');
      assertEqual(await cache.invalidate({ prefix: 'users' }), 2, 'with users');
      await assertKeys(cache, '', ['user', 'xusers', 'USERS'], 'keys');
    },
  ),
  ...['*', '%', '_', '?', '[a-z]', 'a*', '.*', '\\'].map((prefix) =>
    scenario(
      `invalidate/literal-${prefix}`,
      `the prefix ${prefix} is no pattern`,
      async (cache) => {
        await cache.setMany(
          ['a', 'ab', 'b', '.', `${prefix}x`].map((key) => ({ key, value: key })),
        );
        assertEqual(await cache.invalidate({ prefix }), 1, 'how many');
        await assertKeys(cache, '', ['a', 'ab', 'b', '.'], 'keys');
      },
    ),
  ),
  scenario(
    'invalidate/unicode',
    'a prefix may end inside no character, and be any',
    async (cache) => {
      await cache.setMany(
        ['비트', '비트코인', '🚀', '🚀1', '🚁'].map((key) => ({ key, value: 1 })),
      );
      assertEqual(await cache.invalidate({ prefix: '비트코' }), 1, '비트코');
      assertEqual(await cache.invalidate({ prefix: '🚀' }), 2, '🚀');
      await assertKeys(cache, '', ['비트', '🚁'], 'keys');
    },
  ),
  scenario('invalidate/everything', 'an empty prefix removes everything', async (cache) => {
    await cache.setMany(['a', 'b', '*'].map((key) => ({ key, value: 1 })));
    assertEqual(await cache.invalidate({ prefix: '' }), 3, 'how many');
    await assertKeys(cache, '', [], 'keys');
    assertEqual(await cache.invalidate({ prefix: '' }), 0, 'how many are left');
  }),
  scenario('invalidate/nothing', 'a prefix no key has removes nothing', async (cache) => {
    await cache.set('key', 1);
    assertEqual(await cache.invalidate({ prefix: 'keys' }), 0, 'how many');
    await assertCached(cache, 'key', 1, 'get');
  }),
  scenario(
    'tags/any',
    'tags remove the entries that carry at least one of them, each once',
    async (cache) => {
      await cache.set('ab', 1, { tags: ['a', 'b'] });
      await cache.set('b', 2, { tags: ['b'] });
      await cache.set('c', 3, { tags: ['c'] });
      await cache.set('none', 4);
      assertEqual(await cache.invalidate({ tags: ['a', 'b'] }), 2, 'how many');
      await assertKeys(cache, '', ['c', 'none'], 'keys');
      assertEqual(await cache.invalidate({ tags: ['a', 'b'] }), 0, 'how many are left');
    },
  ),
  scenario('tags/exact', 'tags are whole names, not prefixes', async (cache) => {
    await cache.set('long', 1, { tags: ['tag-long', 'a,b'] });
    await cache.set('short', 2, { tags: ['tag', 'a', 'b'] });
    assertEqual(await cache.invalidate({ tags: ['tag'] }), 1, 'how many');
    assertEqual(
      await cache.invalidate({ tags: ['a', 'b', 'TAG-LONG', 'tag-*'] }),
      0,
      'of the rest',
    );
    assertEqual(await cache.invalidate({ tags: ['a,b'] }), 1, 'by its whole name');
  }),
  scenario('tags/not-keys', 'a tag does not select the key of its name', async (cache) => {
    await cache.set('name', 1, { tags: ['other'] });
    assertEqual(await cache.invalidate({ tags: ['name'] }), 0, 'how many');
    await assertCached(cache, 'name', 1, 'get');
  }),
  scenario('tags/hostile', 'tags may be any name', async (cache) => {
    const tags = ['__proto__', 'constructor', '*', 'a:b', '비트코인', ' ', 'x'.repeat(1_024)];
    for (const [i, tag] of tags.entries()) await cache.set(`k${i}`, i, { tags: [tag] });
    for (const [i, tag] of tags.entries()) {
      assertEqual(await cache.invalidate({ tags: [tag] }), 1, `how many with ${tag.slice(0, 9)}`);
      await assertCached(cache, `k${i}`, undefined, `get after ${tag.slice(0, 9)}`);
    }
  }),
  scenario('tags/overwrite', 'writing again replaces the tags', async (cache) => {
    await cache.set('key', 1, { tags: ['old', 'both'] });
    await cache.set('key', 2, { tags: ['new', 'both'] });
    assertEqual(await cache.invalidate({ tags: ['old'] }), 0, 'with the old tag');
    await assertCached(cache, 'key', 2, 'get');
    assertEqual(await cache.invalidate({ tags: ['new'] }), 1, 'with the new tag');
    await cache.set('key', 3, { tags: ['old'] });
    await cache.set('key', 4);
    assertEqual(await cache.invalidate({ tags: ['old'] }), 0, 'after writing without tags');
    await assertCached(cache, 'key', 4, 'get after writing without tags');
  }),
  scenario('tags/gone-with-entry', 'tags go with their entry', async (cache) => {
    await cache.set('key', 1, { tags: ['t'] });
    await cache.delete('key');
    await cache.set('key', 2);
    assertEqual(await cache.invalidate({ tags: ['t'] }), 0, 'after delete');
    await cache.set('key', 3, { tags: ['t'] });
    await cache.clear();
    await cache.set('key', 4);
    assertEqual(await cache.invalidate({ tags: ['t'] }), 0, 'after clear');
    await assertCached(cache, 'key', 4, 'get');
  }),
  scenario('tags/batch', 'entries of a batch have tags of their own', async (cache) => {
    await cache.setMany([
      { key: 'a', value: 1, tags: ['x'] },
      { key: 'b', value: 2, tags: ['y', 'y'] },
      { key: 'c', value: 3 },
    ]);
    assertEqual(await cache.invalidate({ tags: ['y'] }), 1, 'how many with y');
    await assertKeys(cache, '', ['a', 'c'], 'keys');
  }),
  scenario('tags/empty-selector', 'no tags select nothing', async (cache) => {
    await cache.set('key', 1, { tags: [] });
    assertEqual(await cache.invalidate({ tags: [] }), 0, 'how many');
    await assertCached(cache, 'key', 1, 'get');
  }),
  scenario('tags/own-array', 'the array of tags is the caller’s to change', async (cache) => {
    const tags = ['a'];
    const setting = cache.set('key', 1, { tags });
    tags[0] = 'b';
    await setting;
    tags.push('c');
    assertEqual(await cache.invalidate({ tags: ['b', 'c'] }), 0, 'with later tags');
    assertEqual(await cache.invalidate({ tags: ['a'] }), 1, 'with the tag it was set with');
  }),
  scenario(
    'tags/rejects',
    'a tag that is no name is refused and changes nothing',
    async (cache) => {
      for (const tags of ['t', [''], [1], ['ok', '\ud800'], ['x'.repeat(1_025)], [undefined], {}]) {
        const set = (): Promise<void> => cache.set('key', 1, { tags: tags as never });
        await assertRejects(set, 'INVALID_INPUT', 'set', { field: 'tags' });
      }
      await assertKeys(cache, '', [], 'keys');
    },
  ),
  ...Object.entries(BAD_SELECTORS).map(([name, selector]) =>
    scenario(
      `invalidate/rejects-${name}`,
      `a selector that is ${name} removes nothing`,
      async (cache) => {
        await cache.set('key', 1, { tags: ['t'] });
        await assertRejects(
          () => cache.invalidate(selector as never),
          'INVALID_INPUT',
          'invalidate',
        );
        await assertCached(cache, 'key', 1, 'get');
      },
    ),
  ),
  scenario('clear/everything', 'clear removes everything, whatever it is called', async (cache) => {
    await cache.setMany(
      ['a', 'b:c', '*', '__proto__'].map((key) => ({ key, value: 1, tags: ['t'] })),
    );
    await cache.clear();
    await assertKeys(cache, '', [], 'keys');
    assertEqual(await cache.getMany(['a', '*']), [undefined, undefined], 'getMany');
    assertEqual((await cache.stats()).entries, 0, 'entries');
    await cache.set('a', 2);
    await assertCached(cache, 'a', 2, 'after writing again');
  }),
  scenario(
    'clear/own-data',
    'clear leaves the data of another cache alone',
    async (cache, context) => {
      const other = await context.open();
      await other.set('key', 'theirs');
      await cache.set('key', 'ours');
      await cache.clear();
      await assertCached(other, 'key', 'theirs', 'the other cache');
    },
  ),
];
