import { KeyvCache, type KeyvCacheOptions, type KeyvLike } from '@barkeep/cache-keyv';
import { ManualClock } from '@barkeep/core';
import { Keyv } from 'keyv';
import { Keyv as Keyv5 } from 'keyv-5';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

const DAY = 86_400_000;

async function openCache(options: KeyvCacheOptions): Promise<KeyvCache> {
  const cache = new KeyvCache(options);
  await cache.open();
  onTestFinished(() => cache.close());
  return cache;
}

/** The names in the store of what is of a kind: `e` for entries, `i` for the index. */
function namesOf(store: Map<string, unknown>, kind: string): string[] {
  return [...store.keys()].filter((name) => name.includes(`~${kind}~`));
}

describe.each<[string, (store: Map<string, unknown>, namespace?: string) => KeyvLike]>([
  ['Keyv 5', (store, namespace = 'keyv') => new Keyv5({ store, namespace })],
  ['Keyv 6', (store, namespace = 'keyv') => new Keyv({ store, namespace })],
])('%s', (_, keyvOver) => {
  it('keeps namespaces apart, and leaves what else is in the Keyv alone', async () => {
    const keyv = keyvOver(new Map());
    await keyv.set('theirs', 'untouched');
    const users = await openCache({ keyv, namespace: 'users' });
    const archive = await openCache({ keyv, namespace: 'users-archive' });
    for (const cache of [users, archive]) await cache.set('key', cache === users ? 1 : 2);
    expect([await users.get('key'), await archive.get('key')]).toEqual([1, 2]);
    await users.invalidate({ prefix: '' });
    await users.clear();
    expect([await users.keys(), await archive.keys()]).toEqual([[], ['key']]);
    expect(await archive.get('key')).toBe(2);
    expect(await keyv.getRaw('theirs')).toMatchObject({ value: 'untouched' });
  });

  it('works in a Keyv with the namespace it has itself', async () => {
    const cache = await openCache({ keyv: keyvOver(new Map(), 'barkeep') });
    await cache.set('barkeep:key', 1);
    expect(await cache.getMany(['barkeep:key', 'key'])).toEqual([1, undefined]);
    expect(await cache.delete('barkeep:key')).toBe(true);
  });

  it('invalidates what the index has lost, by tag and by prefix', async () => {
    const store = new Map<string, unknown>();
    const cache = await openCache({ keyv: keyvOver(store) });
    for (const key of ['a/1', 'a/2', 'b']) await cache.set(key, key, { tags: [key] });
    for (const name of namesOf(store, 'i')) store.delete(name);
    expect(await cache.keys()).toEqual([]);
    await cache.invalidate({ tags: ['a/1'] });
    expect(await cache.getMany(['a/1', 'a/2', 'b'])).toEqual([undefined, 'a/2', 'b']);
    await cache.invalidate({ prefix: 'a/' });
    expect(await cache.getMany(['a/1', 'a/2', 'b'])).toEqual([undefined, undefined, 'b']);
    await cache.set('a/2', 'again');
    expect(await cache.get('a/2')).toBe('again');
    await cache.clear();
    expect(await cache.get('b')).toBeUndefined();
  });

  it.each([{ tags: ['t'] }, { prefix: 'a' }])(
    'finds nothing that %j selected, also when the epochs are lost',
    async (selector) => {
      const store = new Map<string, unknown>();
      const keyv = keyvOver(store);
      const cache = await openCache({ keyv });
      const lose = (kind: string): void => {
        for (const name of namesOf(store, kind)) if (!name.endsWith('root')) store.delete(name);
      };
      await cache.set('a', 1, { tags: ['t'] });
      await cache.set('b', 2);
      lose('i');
      await cache.invalidate(selector);
      lose('g');
      const other = await openCache({ keyv });
      for (const one of [cache, other])
        expect(await one.getMany(['a', 'b'])).toEqual([undefined, 2]);
      await other.set('a', 3, { tags: ['t'] });
      lose('i');
      lose('g');
      expect(await cache.getMany(['a', 'b'])).toEqual([3, 2]);
      await other.invalidate(selector);
      lose('g');
      expect(await cache.getMany(['a', 'b'])).toEqual([undefined, 2]);
    },
  );

  it('lets no default expiry of the Keyv drop its marks', async () => {
    const keyv = keyvOver(new Map());
    Object.assign(keyv, { ttl: 1 });
    const set = vi.spyOn(keyv, 'set');
    const cache = await openCache({ keyv });
    await cache.set('a', 1, { tags: ['t'] });
    await cache.invalidate({ tags: ['t'] });
    for (const call of set.mock.calls) expect(call[2]).toBeTypeOf('number');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await keyv.getRaw('barkeep~g~tags')).toBeDefined();
  });

  it('forgets entries whose tag or root the store has lost', async () => {
    const store = new Map<string, unknown>();
    const cache = await openCache({ keyv: keyvOver(store) });
    await cache.set('a', 1, { tags: ['t'] });
    await cache.set('b', 2);
    for (const name of namesOf(store, 't')) store.delete(name);
    await cache.invalidate({ tags: ['other'] });
    expect(await cache.getMany(['a', 'b'])).toEqual([undefined, 2]);
    for (const name of namesOf(store, 'g')) store.delete(name);
    expect(await cache.get('b')).toBeUndefined();
    await cache.set('b', 3);
    expect(await cache.get('b')).toBe(3);
  });

  it('takes damaged and foreign entries for counted misses, and removes them', async () => {
    const store = new Map<string, unknown>();
    const keyv = keyvOver(store);
    const cache = await openCache({ keyv });
    const book = { bids: Float64Array.of(101, 2.5) };
    const damages: ((text: string) => string)[] = [
      (text) => text.slice(0, -1),
      (text) => text.replace(/.$/, 'x'),
      (text) => text.replace('book', 'took'),
      (text) => text.slice(40),
      () => '',
      () => '{"value":1}',
    ];
    for (const [i, damage] of damages.entries()) {
      await cache.set('book', book);
      const raw = (await keyv.getRaw('barkeep~e~book')) as { value: string };
      await keyv.set('barkeep~e~book', damage(raw.value));
      expect(await cache.get('book')).toBeUndefined();
      expect((await cache.stats()).failures).toBe(i + 1);
      expect(namesOf(store, 'e')).toEqual([]);
    }
    await cache.set('book', book);
    expect(await cache.get('book')).toEqual(book);
  });

  it('lists no entry for longer than the store keeps it', async () => {
    const clock = new ManualClock();
    vi.spyOn(Date, 'now').mockImplementation(() => clock.now());
    onTestFinished(() => void vi.restoreAllMocks());
    const cache = await openCache({ keyv: keyvOver(new Map()), clock });
    await cache.set('old', 1);
    clock.advance(20 * DAY);
    // In every part of the list, which lives as long as its last line.
    const others = Array.from({ length: 1_000 }, (_, i) => ({ key: `${i}`, value: i }));
    await cache.setMany(others);
    clock.advance(10 * DAY + 1);
    expect(await cache.get('old')).toBeUndefined();
    expect(await cache.keys('old')).toEqual([]);
  });

  it('is mended by clear when what is stored makes Keyv itself fail', async () => {
    const store = new Map<string, unknown>();
    const cache = await openCache({ keyv: keyvOver(store) });
    await cache.set('a', 1);
    for (const name of store.keys()) store.set(name, '{"value":');
    expect(await cache.get('a')).toBeUndefined();
    await cache.clear();
    await cache.setMany(['a', 'b'].map((key) => ({ key, value: key })));
    expect((await cache.keys()).sort()).toEqual(['a', 'b']);
    expect(await cache.getMany(['a', 'b'])).toEqual(['a', 'b']);
    expect(await cache.invalidate({ prefix: 'a' })).toBe(1);
  });

  it('takes an entry of another key for no entry', async () => {
    const keyv = keyvOver(new Map());
    const cache = await openCache({ keyv });
    await cache.set('a', 1);
    const { value } = (await keyv.getRaw('barkeep~e~a')) as { value: string };
    await keyv.set('barkeep~e~b', value);
    expect(await cache.get('b')).toBeUndefined();
  });

  it('lets the store clean up, and later than its own clock says', async () => {
    const keyv = keyvOver(new Map());
    const set = vi.spyOn(keyv, 'set');
    const clock = new ManualClock();
    const cache = await openCache({ keyv, clock });
    await cache.set('short', 1, { ttlMs: 1_000 });
    await cache.set('forever', 2, { tags: ['t'] });
    await cache.invalidate({ prefix: 'x' });
    const ttlOf = (name: string) => set.mock.calls.find(([key]) => key === `barkeep~${name}`)?.[2];
    expect(ttlOf('e~short')).toBe(61_000);
    expect(ttlOf('e~forever')).toBe(30 * DAY);
    expect(ttlOf('t~t')).toBe(31 * DAY);
    expect(ttlOf('p~x')).toBe(31 * DAY);
    const endless = new Set(set.mock.calls.filter((call) => call[2] === 0).map(([name]) => name));
    expect([...endless].sort()).toEqual(
      ['prefixes', 'root', 'tags'].map((name) => `barkeep~g~${name}`),
    );
  });

  it('keeps its bound of entries, and drops those that were not written for longest', async () => {
    const store = new Map<string, unknown>();
    const cache = await openCache({ keyv: keyvOver(store), maxEntries: 200 });
    expect(cache.capabilities.maxEntries).toBe(192);
    for (let i = 0; i < 500; i += 1) await cache.set(`k${i}`, i);
    const { entries, evictions } = await cache.stats();
    expect(entries).toBeLessThanOrEqual(192);
    expect(entries + evictions).toBe(500);
    expect(namesOf(store, 'e')).toHaveLength(entries);
    expect(await cache.get('k499')).toBe(499);
    expect(await cache.get('k0')).toBeUndefined();
  });

  it('disconnects the Keyv when it owns it, and only then', async () => {
    for (const ownsKeyv of [false, true]) {
      const keyv = keyvOver(new Map());
      const disconnect = vi.spyOn(keyv, 'disconnect');
      const cache = new KeyvCache({ keyv, ownsKeyv });
      await cache.open();
      await cache.close();
      expect(disconnect).toHaveBeenCalledTimes(ownsKeyv ? 1 : 0);
    }
  });
});

const keyv = new Keyv();

it.each<[string, object]>([
  ['keyv', { keyv: undefined }],
  ['keyv', { keyv: new Map() }],
  ['keyv', { keyv: new Keyv5({ emitErrors: false }) }],
  ['namespace', { keyv, namespace: 'a~b' }],
  ['namespace', { keyv, namespace: '' }],
  ['maxEntries', { keyv, maxEntries: 63 }],
  ['timeoutMs', { keyv, timeoutMs: 0 }],
  ['sharing', { keyv, sharing: 'all' }],
  ['persistent', { keyv, persistent: 1 }],
  ['ownsKeyv', { keyv, ownsKeyv: 'yes' }],
])('refuses a bad option: %s', (field, options) => {
  expect(() => Reflect.construct(KeyvCache, [options])).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', details: expect.objectContaining({ field }) }),
  );
});

it('says what the store can do as it was told', () => {
  const { capabilities } = new KeyvCache({ keyv, sharing: 'multi-process', persistent: true });
  expect(capabilities).toMatchObject({ sharing: 'multi-process', persistent: true });
  expect(new KeyvCache({ keyv }).capabilities).toMatchObject({
    sharing: 'process',
    persistent: false,
  });
});
