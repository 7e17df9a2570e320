import { DataCacheStore, KeyvCache } from '@barkeep/cache-keyv';
import { MemoryCache } from '@barkeep/cache-memory';
import { CandleSeries, ManualClock } from '@barkeep/core';
import keyvTestSuite, { keyvIteratorTests, keyvNamespaceTest } from '@keyv/test-suite';
import { Keyv } from 'keyv';
import { Keyv as Keyv5 } from 'keyv-5';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

/** The suite takes Vitest's functions and the Keyv to test as parameters. */
type SuiteParameters = Parameters<typeof keyvTestSuite>;
const vitest = { it, expect, beforeEach, afterEach } as unknown as SuiteParameters[0];

const clock = new ManualClock();
const cache = new MemoryCache();
beforeAll(() => cache.open());
afterAll(() => cache.close());

describe("Keyv's own suite, on Keyv 5", () => {
  const Suite5 = Keyv5 as unknown as SuiteParameters[1];
  keyvTestSuite(vitest, Suite5, () => new DataCacheStore(cache));
  keyvIteratorTests(vitest, Suite5, () => new DataCacheStore(cache));
});

describe("of Keyv's own suite what knows Keyv 6", () => {
  keyvNamespaceTest(vitest, Keyv, () => new DataCacheStore(cache));
  keyvIteratorTests(vitest, Keyv, () => new DataCacheStore(cache));
});

describe.each([
  ['Keyv 5', Keyv5],
  ['Keyv 6', Keyv],
] as const)('%s', (_, AnyKeyv) => {
  const keyvIn = (namespace: string | undefined, rest: object = {}): Keyv =>
    Reflect.construct(AnyKeyv, [{ store: new DataCacheStore(cache), namespace, ...rest }]) as Keyv;

  it('keeps namespaces apart that begin alike, and what else is in the cache', async () => {
    await cache.set('page', 1);
    const users = keyvIn('users');
    const archive = keyvIn('users:archive');
    await users.set('archive:key', 1);
    await archive.set('key', 2);
    await users.clear();
    expect(await users.get('archive:key')).toBeUndefined();
    expect(await archive.get('key')).toBe(2);
    expect(await cache.get('page')).toBe(1);
  });

  it('sets, gets, tells of and deletes many', async () => {
    const keyv = keyvIn('many');
    const keys = ['a', 'b', 'c'];
    await keyv.setMany(keys.map((key) => ({ key, value: `${key}!` })));
    expect(await keyv.getMany([...keys, 'd'])).toEqual(['a!', 'b!', 'c!', undefined]);
    expect(await keyv.hasMany([...keys, 'd'])).toEqual([true, true, true, false]);
    await keyv.delete(['a', 'b']);
    expect(await keyv.getMany(keys)).toEqual([undefined, undefined, 'c!']);
    await keyv.disconnect();
    expect(cache.state).toBe('open');
  });

  it('keeps candles without a serializer, compressed by nobody and copied by nobody', async () => {
    const rest = { serialize: undefined, deserialize: undefined, serialization: false };
    const keyv = keyvIn('raw', rest);
    const series = CandleSeries.empty({ symbol: 'KRW-BTC', timeframe: '1m' });
    await keyv.set('series', series);
    await keyv.set('short', series, 60_000);
    expect(await keyv.get('series')).toBe(series);
    expect(await keyv.get('short')).toBe(series);
  });

  it('tells of what the cache refuses', async () => {
    const keyv = keyvIn('errors');
    const errors: unknown[] = [];
    keyv.on('error', (error: unknown) => errors.push(error));
    expect(await keyv.set('x'.repeat(1_100), 1)).toBe(false);
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT' })]);
  });

  it('expires by the clock of the cache', async () => {
    await using timed = new MemoryCache({ clock });
    await timed.open();
    const keyv = Reflect.construct(AnyKeyv, [{ store: new DataCacheStore(timed) }]) as Keyv;
    await keyv.set('key', 1, 5_000);
    expect(await keyv.get('key')).toBe(1);
    clock.advance(5_001);
    expect(await keyv.get('key')).toBeUndefined();
  });

  it('is a cache again', async () => {
    await using again = new KeyvCache({ keyv: keyvIn('again') });
    await again.open();
    await again.set('key', { id: 2n ** 70n }, { tags: ['t'] });
    expect(await again.get('key')).toEqual({ id: 2n ** 70n });
    expect(await again.invalidate({ tags: ['t'] })).toBe(1);
  });
});
