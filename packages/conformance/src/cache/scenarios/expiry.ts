import type { CacheSetOptions, IDataCache } from '@barkeep/cache';
import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { type CacheContext, type CacheScenario, scenario } from '../cache-scenario.ts';
import { assertCached, assertKeys } from '../cached-state.ts';

/** Shorter than the time between two sweeps, which would hide what reads must hide. */
const TTL = 4_000;
/** `setTimeout` counts in 32 bits, and a delay beyond fires at once. */
const BEYOND_32_BITS = 2 ** 31 + 1_000;
const HOUR = 3_600_000;

const BAD_OPTIONS: Readonly<Record<string, readonly [options: object, field: string]>> = {
  both: [{ ttlMs: 1, expiresAt: Date.UTC(2030, 0) }, 'ttlMs'],
  'nan-ttl': [{ ttlMs: Number.NaN }, 'ttlMs'],
  'text-ttl': [{ ttlMs: '60' }, 'ttlMs'],
  'nan-expires-at': [{ expiresAt: Number.NaN }, 'expiresAt'],
  'negative-expires-at': [{ expiresAt: -1 }, 'expiresAt'],
  'fractional-expires-at': [{ expiresAt: Date.UTC(2030, 0) + 0.5 }, 'expiresAt'],
  'expires-at-in-seconds': [{ expiresAt: Date.UTC(2030, 0) / 1_000 }, 'expiresAt'],
  'expires-at-in-microseconds': [{ expiresAt: Date.UTC(2030, 0) * 1_000 }, 'expiresAt'],
  'unknown-option': [{ ttl: 60 }, 'options'],
};

export const expiryScenarios: readonly CacheScenario[] = [
  scenario(
    'expiry/ttl-edge',
    'an entry lives until its ttl has passed, to the step',
    (cache, context) => assertLives(cache, context, { ttlMs: TTL }),
  ),
  scenario(
    'expiry/absolute-edge',
    'an entry lives until expiresAt, to the step',
    (cache, context) => assertLives(cache, context, { expiresAt: context.clock.now() + TTL }),
  ),
  scenario(
    'expiry/set-many',
    'each entry of a batch has its own expiry',
    async (cache, context) => {
      await cache.setMany([
        { key: 'short', value: 1, ttlMs: TTL },
        { key: 'long', value: 2, ttlMs: 3 * TTL },
        { key: 'forever', value: 3 },
      ]);
      await context.advance(2 * TTL);
      assertEqual(
        await cache.getMany(['short', 'long', 'forever']),
        [undefined, 2, 3],
        'after the first has expired',
      );
    },
  ),
  scenario(
    'expiry/never',
    'an entry without an expiry, or with Infinity, stays',
    async (cache, context) => {
      await cache.set('none', 1);
      await cache.set('ttl', 2, { ttlMs: Number.POSITIVE_INFINITY });
      await cache.set('at', 3, { expiresAt: Number.POSITIVE_INFINITY });
      await context.advance(40 * 86_400_000);
      assertEqual(await cache.getMany(['none', 'ttl', 'at']), [1, 2, 3], 'after 40 days');
    },
  ),
  ...[0, -1, Number.NEGATIVE_INFINITY].map((ttlMs) =>
    scenario(
      `expiry/ttl-${ttlMs}`,
      `a ttl of ${ttlMs} is expired at once and leaves no old value`,
      async (cache) => {
        await cache.set('key', 'old', { tags: ['t'] });
        await cache.set('key', 'new', { ttlMs });
        await assertCached(cache, 'key', undefined, 'get');
        await assertKeys(cache, '', [], 'keys');
        assertEqual(await cache.delete('key'), false, 'delete');
        await cache.set('key', 'old');
        await cache.setMany([{ key: 'key', value: 'new', ttlMs }]);
        await assertCached(cache, 'key', undefined, 'get after setMany');
      },
    ),
  ),
  scenario(
    'expiry/past',
    'an expiresAt that has passed leaves no old value',
    async (cache, context) => {
      await cache.set('key', 'old');
      await cache.set('key', 'new', { expiresAt: context.clock.now() - 1 });
      await assertCached(cache, 'key', undefined, 'get');
      await cache.set('key', 'old');
      await cache.set('key', 'new', { expiresAt: 0 });
      await assertCached(cache, 'key', undefined, 'get after expiresAt 0');
    },
  ),
  ...[1_000, 60_000, 9 * HOUR].map((byMs) =>
    scenario(
      `expiry/set-back-${byMs}`,
      `entries live no longer when the clock is set back by ${byMs} ms, and no less`,
      async (cache, context) => {
        const at = context.clock.now();
        await cache.set('ttl', 1, { ttlMs: TTL });
        await cache.setMany([
          { key: 'at', value: 2, expiresAt: at + TTL },
          { key: 'forever', value: 3 },
        ]);
        await context.advance(TTL / 2);
        await assertCached(cache, 'ttl', 1, 'before the clock is set');
        context.clock.setWallTime(context.clock.now() - byMs);
        await context.advance(TTL / 2 - context.timeStepMs);
        assertEqual(await cache.getMany(['ttl', 'at']), [1, 2], 'just before their time');
        await context.advance(context.timeStepMs);
        assertEqual(
          await cache.getMany(['ttl', 'at', 'forever']),
          [undefined, undefined, 3],
          'when their time has come',
        );
        await assertKeys(cache, '', ['forever'], 'keys');
        assertEqual(await cache.delete('ttl'), false, 'delete');
      },
    ),
  ),
  scenario(
    'expiry/set-ahead-and-right',
    'an entry that was written while the clock was ahead is gone after its life',
    async (cache, context) => {
      context.clock.setWallTime(context.clock.now() + 9 * HOUR);
      await cache.set('key', 1, { ttlMs: TTL });
      await assertCached(cache, 'key', 1, 'while the clock is ahead');
      context.clock.setWallTime(context.clock.now() - 9 * HOUR);
      await context.advance(TTL - context.timeStepMs);
      await assertCached(cache, 'key', 1, 'just before its time');
      await context.advance(context.timeStepMs);
      await assertCached(cache, 'key', undefined, 'when its time has come');
      await assertKeys(cache, '', [], 'keys');
    },
  ),
  scenario(
    'expiry/set-back-sweep',
    'expired entries leave memory though the clock was set back',
    async (cache, context) => {
      await cache.set('key', 1, { ttlMs: TTL });
      context.clock.setWallTime(context.clock.now() - 9 * HOUR);
      await context.advance(TTL);
      await cache.sweep();
      assertEqual((await cache.stats()).entries, 0, 'how many there are after their time');
    },
  ),
  scenario(
    'expiry/beyond-32-bits',
    'an expiry beyond 24.8 days does not come at once',
    async (cache, context) => {
      await cache.set('key', 1, { ttlMs: BEYOND_32_BITS });
      await context.advance(1_000);
      await cache.sweep();
      await assertCached(cache, 'key', 1, 'a second later');
      await context.advance(BEYOND_32_BITS - 2_000);
      await assertCached(cache, 'key', 1, 'a second before its end');
      await context.advance(2_000);
      await assertCached(cache, 'key', undefined, 'a second after its end');
    },
  ),
  scenario(
    'expiry/far-future',
    'an expiry beyond all instants is never',
    async (cache, context) => {
      await cache.set('safe', 1, { ttlMs: Number.MAX_SAFE_INTEGER });
      await cache.set('huge', 2, { ttlMs: Number.MAX_VALUE });
      await context.advance(86_400_000);
      await cache.sweep();
      assertEqual(await cache.getMany(['safe', 'huge']), [1, 2], 'a day later');
    },
  ),
  scenario(
    'expiry/reads-do-not-prolong',
    'reading does not make an entry live longer',
    async (cache, context) => {
      await cache.set('key', 1, { ttlMs: TTL });
      for (let i = 0; i < 4; i += 1) {
        await assertCached(cache, 'key', 1, `read ${i}`);
        await context.advance(TTL / 4);
      }
      await assertCached(cache, 'key', undefined, 'after its time');
    },
  ),
  scenario(
    'expiry/overwrite-prolongs',
    'writing again starts a new life',
    async (cache, context) => {
      await cache.set('key', 1, { ttlMs: TTL });
      await context.advance(TTL / 2);
      await cache.set('key', 2, { ttlMs: TTL });
      await context.advance((3 * TTL) / 4);
      await assertCached(cache, 'key', 2, 'after the first life');
      await context.advance(TTL / 2);
      await assertCached(cache, 'key', undefined, 'after the second life');
    },
  ),
  scenario(
    'expiry/overwrite-shortens',
    'writing again with a shorter life shortens it',
    async (cache, context) => {
      await cache.set('key', 1);
      await cache.set('key', 2, { ttlMs: TTL });
      await context.advance(TTL);
      await assertCached(cache, 'key', undefined, 'after the shorter life');
    },
  ),
  scenario(
    'expiry/overwrite-forever',
    'writing again without an expiry takes the expiry away',
    async (cache, context) => {
      await cache.set('key', 1, { ttlMs: TTL });
      await cache.set('key', 2);
      await context.advance(2 * TTL);
      await assertCached(cache, 'key', 2, 'after the life of the first');
    },
  ),
  scenario(
    'expiry/hidden-everywhere',
    'no method shows an expired entry',
    async (cache, context) => {
      await cache.set('key', 1, { ttlMs: TTL, tags: ['t'] });
      await cache.set('other', 2, { ttlMs: TTL });
      await context.advance(TTL);
      assertEqual(await cache.getMany(['key']), [undefined], 'getMany');
      await assertKeys(cache, '', [], 'keys');
      assertEqual(await cache.invalidate({ tags: ['t'] }), 0, 'invalidate by tag');
      assertEqual(await cache.invalidate({ prefix: '' }), 0, 'invalidate by prefix');
      assertEqual(await cache.delete('other'), false, 'delete');
    },
  ),
  scenario(
    'expiry/sweep',
    'a sweep removes what has expired and nothing else',
    async (cache, context) => {
      await cache.setMany(
        Array.from({ length: 10 }, (_, i) => ({ key: `k${i}`, value: i, ttlMs: (i + 1) * TTL })),
      );
      await context.advance(5 * TTL);
      await cache.sweep();
      assertEqual((await cache.stats()).entries, 5, 'entries after the sweep');
      assertEqual(await cache.sweep(), 0, 'what a second sweep finds');
      await assertKeys(cache, '', ['k5', 'k6', 'k7', 'k8', 'k9'], 'keys after the sweep');
    },
  ),
  scenario(
    'expiry/sweeps-by-itself',
    'expired entries go without being read',
    async (cache, context) => {
      await cache.setMany(
        Array.from({ length: 20 }, (_, i) => ({
          key: `k${i}`,
          value: 'x'.repeat(100),
          ttlMs: TTL,
        })),
      );
      const { bytes } = await cache.stats();
      await context.advance(TTL);
      await context.advance(600_000);
      const after = await cache.stats();
      assertEqual(after.entries, 0, 'entries after ten minutes');
      assertTrue(after.bytes < bytes, `${after.bytes} bytes are less than the ${bytes} before`);
    },
  ),
  ...Object.entries(BAD_OPTIONS).map(([name, [options, field]]) =>
    scenario(`expiry/rejects-${name}`, `${name} is refused and changes nothing`, async (cache) => {
      await cache.set('key', 'before');
      const set = (): Promise<void> => cache.set('key', 'after', options as CacheSetOptions);
      await assertRejects(set, 'INVALID_INPUT', 'set', { field });
      const batch = (): Promise<void> =>
        cache.setMany([
          { key: 'other', value: 1 },
          { key: 'key', value: 2, ...options },
        ]);
      await assertRejects(batch, 'INVALID_INPUT', 'setMany');
      await assertCached(cache, 'key', 'before', 'the value before');
      await assertKeys(cache, '', ['key'], 'keys');
    }),
  ),
];

async function assertLives(
  cache: IDataCache,
  context: CacheContext,
  options: CacheSetOptions,
): Promise<void> {
  const { timeStepMs } = context;
  await cache.set('key', 'value', options);
  await assertCached(cache, 'key', 'value', 'at once');
  await context.advance(TTL - timeStepMs);
  await assertCached(cache, 'key', 'value', 'just before it expires');
  await assertKeys(cache, '', ['key'], 'keys just before it expires');
  await context.advance(timeStepMs);
  await assertCached(cache, 'key', undefined, 'when it expires');
  await context.advance(1);
  await assertCached(cache, 'key', undefined, 'after it has expired');
}
