import { assertEqual, assertTrue } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';

const TTL = 4_000;
const HOUR = 3_600_000;
/** `setTimeout` counts in 32 bits, and a delay beyond fires at once. */
const BEYOND_32_BITS = 2 ** 31 + 1_000;

export const expiryScenarios: readonly CacheScenario[] = [
  scenario(
    'expiry/far',
    'entries that expire late or never stay until then',
    async (cache, context) => {
      const keys = ['none', 'never', 'at-no-time', 'safe', 'huge', 'late'];
      await cache.setMany([
        { key: 'none', value: 1 },
        { key: 'never', value: 2, ttlMs: Number.POSITIVE_INFINITY },
        { key: 'at-no-time', value: 3, expiresAt: Number.POSITIVE_INFINITY },
        { key: 'safe', value: 4, ttlMs: Number.MAX_SAFE_INTEGER },
        { key: 'huge', value: 5, ttlMs: Number.MAX_VALUE },
        { key: 'late', value: 6, ttlMs: BEYOND_32_BITS },
      ]);
      for (const ms of [1_000, BEYOND_32_BITS - 2_000]) {
        await context.advance(ms);
        await cache.sweep();
        assertEqual(await cache.getMany(keys), [1, 2, 3, 4, 5, 6], `after ${ms} ms more`);
      }
      await context.advance(2_000);
      assertEqual(await cache.getMany(keys), [1, 2, 3, 4, 5, undefined], 'when one has expired');
    },
  ),
  scenario(
    'expiry/set-ahead-and-right',
    'an entry that was written while the clock was ahead is gone after its life',
    async (cache, context) => {
      for (const tags of [[], ['t']]) {
        context.clock.setWallTime(context.clock.now() + 9 * HOUR);
        await cache.set('key', 1, { ttlMs: TTL, tags });
        assertEqual(await cache.get('key'), 1, 'while the clock is ahead');
        context.clock.setWallTime(context.clock.now() - 9 * HOUR);
        await context.advance(TTL - context.timeStepMs);
        assertEqual(await cache.get('key'), 1, 'just before its time');
        await context.advance(context.timeStepMs);
        assertEqual(await cache.get('key'), undefined, 'when its time has come');
        assertEqual(await cache.keys(), [], 'the keys then');
      }
    },
  ),
  scenario(
    'expiry/sweeps-by-itself',
    'expired entries go without being read, and only they',
    async (cache, context) => {
      const entries = Array.from({ length: 20 }, (_, i) => ({
        key: `k${i}`,
        value: 'x'.repeat(99),
      }));
      await cache.setMany(entries.map((entry, i) => ({ ...entry, ttlMs: TTL * (i % 2 || 1e6) })));
      const { bytes } = await cache.stats();
      await context.advance(TTL);
      await context.advance(600_000);
      const after = await cache.stats();
      assertEqual(after.entries, 10, 'entries after ten minutes');
      assertTrue(after.bytes < bytes, `${after.bytes} bytes are less than the ${bytes} before`);
      assertEqual(await cache.sweep(), 0, 'what a sweep still finds');
    },
  ),
];
