import { KeyvCache, type KeyvLike } from '@barkeep/cache-keyv';
import { Keyv } from 'keyv';
import { Keyv as Keyv5 } from 'keyv-5';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FaultyBatchStore } from './faulty-store.ts';

/** A Keyv, and the place where it keeps its texts. */
type Made = readonly [KeyvLike, Map<string, unknown>];

const MAKERS: Readonly<Record<string, () => Made>> = {
  'a Map on Keyv 5': () => over(new Map(), (store) => new Keyv5({ store })),
  'a Map on Keyv 6': () => over(new Map(), (store) => new Keyv({ store })),
  'a store on Keyv 5': () => overBatches((store) => new Keyv5({ store })),
  'a store on Keyv 6': () => overBatches((store) => new Keyv({ store })),
};

function over(store: Map<string, unknown>, make: (store: Map<string, unknown>) => KeyvLike): Made {
  return [make(store), store];
}

function overBatches(make: (store: FaultyBatchStore) => KeyvLike): Made {
  const store = new FaultyBatchStore();
  return [make(store), store.values];
}

/** What another program might put where this cache keeps something. */
const FOREIGN: readonly unknown[] = [
  'foreign',
  '{"value":"cut o',
  '{"value":42}',
  '{"value":"[[1,2,3,4]]"}',
  '[1]',
  '"text"',
  'null',
  '',
  42,
  { a: 1 },
  null,
];

describe.each(Object.entries(MAKERS))('%s', (_, make) => {
  it.each(FOREIGN)('reads and writes all others beside %j, and heals', async (foreign) => {
    const [keyv, texts] = make();
    const cache = new KeyvCache({ keyv });
    await cache.open();
    onTestFinished(() => cache.close());
    const spoil = (isPlace: (name: string) => boolean): number => {
      const places = [...texts.keys()].filter(isPlace);
      for (const place of places) texts.set(place, foreign);
      return places.length;
    };
    const entries = ['a', 'b', 'c'].map((key) => ({ key, value: key, tags: ['t'] }));

    await cache.setMany(entries);
    expect(spoil((name) => name.endsWith('~e~b'))).toBe(1);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(['a', undefined, 'c']);
    expect(await cache.get('b')).toBeUndefined();
    await cache.set('b', 'again');
    expect(await cache.get('b')).toBe('again');

    // The lists of entries: they count and clean up only.
    expect(spoil((name) => name.includes('~i~'))).toBeGreaterThan(0);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(['a', 'again', 'c']);
    expect(await cache.keys()).toEqual([]);
    expect(await cache.invalidate({ tags: ['t'] })).toBe(0);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([undefined, 'again', undefined]);
    await cache.setMany(entries);
    expect((await cache.keys()).sort()).toEqual(['a', 'b', 'c']);

    // The marks of invalidations: what carries other ones is gone, and the next writes last.
    expect(spoil((name) => name.includes('~t~') || name.includes('~g~'))).toBe(4);
    await cache.getMany(['a', 'b', 'c']);
    await cache.setMany(entries);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(await cache.invalidate({ prefix: 'a' })).toBe(1);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([undefined, 'b', 'c']);
  });
});
