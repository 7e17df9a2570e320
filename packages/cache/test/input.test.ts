import { BarkeepError, ManualClock, MIN_EPOCH_MS } from '@barkeep/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { RemoteCache } from './remote-cache.ts';

const LONG = 'x'.repeat(1_025);
const circle: unknown[] = [];
circle.push(circle);

const BAD_KEYS: readonly unknown[] = [
  ...['', LONG, 'a\ud800b', 1, undefined, null, { toString: () => 'key' }],
];
const BAD_TAGS: readonly unknown[] = [
  ...['t', [''], [1], ['ok', '\ud800'], [LONG], [undefined], {}, null],
  Array.from({ length: 257 }, (_, i) => `${i}`),
];
/** What cannot be cached, and the part of it that is named. */
const BAD_VALUES: readonly (readonly [value: unknown, field: string])[] = [
  [undefined, 'value'],
  [() => 1, 'value'],
  [Symbol('s'), 'value'],
  [new Date(0), 'value'],
  [new Map(), 'value'],
  [{ a: [undefined] }, 'value.a.0'],
  [[{ f: () => 1 }], 'value.0.f'],
  [new Array(1), 'value.0'],
  [circle, 'value.0'],
  [new Float32Array(1), 'value'],
];
const BAD_LIVES: readonly (readonly [options: object, field: string])[] = [
  [{ ttlMs: 1, expiresAt: Date.UTC(2030, 0) }, 'ttlMs'],
  [{ ttlMs: Number.NaN }, 'ttlMs'],
  [{ ttlMs: '60' }, 'ttlMs'],
  [{ expiresAt: Number.NaN }, 'expiresAt'],
  [{ expiresAt: -0 }, 'expiresAt'],
  [{ expiresAt: MIN_EPOCH_MS - 1 }, 'expiresAt'],
  [{ expiresAt: Date.UTC(2030, 0) + 0.5 }, 'expiresAt'],
  [{ expiresAt: Date.UTC(2030, 0) / 1_000 }, 'expiresAt'],
  [{ expiresAt: Date.UTC(2030, 0) * 1_000 }, 'expiresAt'],
];
const BAD_SELECTORS: readonly (readonly [selector: unknown, field: string])[] = [
  ...[undefined, null, 'prefix', {}, { prefix: 'a', tags: ['t'] }, { pattern: 'a*' }].map(
    (selector) => [selector, 'selector'] as const,
  ),
  ...[{ tags: undefined }].map((selector) => [selector, 'selector'] as const),
  ...[{ prefix: 1 }, { prefix: undefined }, { prefix: LONG }].map(
    (selector) => [selector, 'prefix'] as const,
  ),
  ...BAD_TAGS.map((tags) => [{ tags }, 'tags'] as const),
];

/** Methods are called as from JavaScript, where no type is checked. */
type Method = 'get' | 'getMany' | 'set' | 'setMany' | 'delete' | 'invalidate' | 'keys';

let cache: RemoteCache;

beforeEach(async () => {
  cache = new RemoteCache({ clock: new ManualClock() });
  await cache.open();
  await cache.set('key', 'before', { tags: ['t'] });
});

/** Rejects with the details, and leaves everything as it was. */
async function expectRefused(method: Method, parameters: readonly unknown[], details: object) {
  const before = [...cache.entries];
  const call = Reflect.apply(cache[method], cache, [...parameters]) as Promise<unknown>;
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, method).toMatchObject({ code: 'INVALID_INPUT', details });
  expect(BarkeepError.is(error)).toBe(true);
  expect([...cache.entries]).toEqual(before);
  expect(await cache.stats()).toMatchObject({ hits: 0, misses: 0, writes: 1, deletes: 0 });
}

describe('keys', () => {
  it.each(BAD_KEYS)('%j is none, in every method', async (key) => {
    await expectRefused('get', [key], { field: 'key' });
    await expectRefused('getMany', [['key', key]], { field: 'key', index: 1 });
    await expectRefused('set', [key, 1], { field: 'key' });
    await expectRefused('delete', [key], { field: 'key' });
    const good = { key: 'other', value: 1 };
    for (const index of [0, 1, 2]) {
      const entries = [good, good].toSpliced(index, 0, { key: key as string, value: 1 });
      await expectRefused('setMany', [entries], { field: 'key', index });
    }
  });

  it('come in a list', async () => {
    for (const keys of ['abc', undefined, null, {}]) {
      await expectRefused('getMany', [keys], { field: 'keys' });
    }
  });

  it.each(['\ud800', LONG, 1, null])('cannot begin with %j', async (prefix) => {
    await expectRefused('keys', [prefix], { field: 'prefix' });
  });
});

describe('entries', () => {
  it.each(BAD_VALUES)('cannot have the value %o', async (value, field) => {
    await expectRefused('set', ['key', value], { field });
    const entries = [
      { key: 'other', value: 1 },
      { key: 'key', value },
    ];
    await expectRefused('setMany', [entries], { field, index: 1 });
  });

  it.each(BAD_LIVES)('cannot expire by %o', async (life, field) => {
    await expectRefused('set', ['key', 1, life], { field });
    await expectRefused('setMany', [[{ key: 'other', value: 1, ...life }]], { field, index: 0 });
  });

  it.each(BAD_TAGS)('cannot have the tags %o', async (tags) => {
    await expectRefused('set', ['key', 1, { tags }], { field: 'tags' });
    await expectRefused('setMany', [[{ key: 'key', value: 1, tags }]], { field: 'tags' });
  });

  it('have no other options', async () => {
    await expectRefused('set', ['key', 1, { ttl: 60 }], { field: 'options' });
    await expectRefused('setMany', [[{ key: 'key', value: 1, ttl: 60 }]], { field: 'entry' });
  });

  it('come in a list of objects', async () => {
    for (const entries of [undefined, null, {}, 'ab']) {
      await expectRefused('setMany', [entries], { field: 'entries' });
    }
    await expectRefused('setMany', [[null]], { field: 'entry', index: 0 });
    await expectRefused('setMany', [[{ key: 'a', value: 1 }, 'b']], { field: 'entry', index: 1 });
    await expectRefused('setMany', [[{ key: 'a' }]], { field: 'value', index: 0 });
  });
});

it.each(BAD_SELECTORS)('%o selects nothing', async (selector, field) => {
  await expectRefused('invalidate', [selector], { field });
});
