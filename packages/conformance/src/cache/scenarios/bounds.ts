import type { CacheCapabilities, IDataCache } from '@barkeep/cache';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';

/** What can be filled within a scenario's time. */
const MOST = { maxEntries: 10_000, maxBytes: 128 * 1_024 * 1_024 };
/** How much more is written than there is room for. */
const MORE = 40;

export const boundScenarios: readonly CacheScenario[] = [
  scenario(
    'bounds/entries',
    'it never has more entries than it declares, also after reopening, and tells what it evicted',
    async (cache, context) => {
      const most = boundOf(cache.capabilities, 'maxEntries');
      await write(cache, 0, most);
      for (let i = most; i < most + MORE; i += 1) await cache.set(`k${i}`, i);
      const { entries, evictions } = await assertBound(cache, most + MORE);
      assertEqual(entries + evictions, most + MORE, 'entries kept and evicted');
      const again = cache.capabilities.persistent ? await context.reopen(cache) : cache;
      await write(again, most + MORE, most + 2 * MORE);
      await assertBound(again, most + 2 * MORE);
    },
    bounded('maxEntries'),
  ),
  scenario(
    'bounds/bytes',
    'its values never take more bytes than it declares; one beyond that leaves no old value',
    async (cache) => {
      const most = boundOf(cache.capabilities, 'maxBytes');
      await cache.set('small', 1);
      await cache.set('same', 'old', { tags: ['t'] });
      await cache.set('same', new Uint8Array(most + 1));
      assertEqual(await cache.getMany(['same', 'small']), [undefined, 1], 'what was too large');
      assertEqual(await cache.invalidate({ tags: ['t'] }), 0, 'with the tag of the old value');
      for (let i = 0; i < 10; i += 1) await cache.set('same', new Uint8Array(Math.floor(most / 4)));
      assertEqual(await cache.get('small'), 1, 'a value beside one that was replaced often');
      const { rejections, evictions } = await cache.stats();
      assertEqual({ rejections, evictions }, { rejections: 1, evictions: 0 }, 'the counts');
      const size = Math.floor(most / 8);
      const keys = Array.from({ length: 16 }, (_, i) => `k${i}`);
      for (const [i, key] of keys.entries()) {
        await cache.set(key, new Uint8Array(size).fill(i));
        const { bytes } = await cache.stats();
        assertTrue(bytes <= most, `${bytes} bytes are at most ${most}`);
      }
      const kept = (await cache.getMany(keys)).map((value, i) => ({ value, i }));
      const found = kept.filter(({ value }) => value !== undefined);
      assertTrue(found.length >= 1 && found.length <= 8, `1 to 8 are kept, not ${found.length}`);
      for (const { value, i } of found) assertEqual(value, new Uint8Array(size).fill(i), `${i}`);
    },
    bounded('maxBytes'),
  ),
  scenario(
    'expiry/sweeps-by-itself',
    'expired entries go without being read, and only they',
    async (cache, context) => {
      const entries = Array.from({ length: 20 }, (_, i) => ({
        key: `k${i}`,
        value: 'x'.repeat(99),
      }));
      await cache.setMany(entries.map((entry, i) => ({ ...entry, ttlMs: 4_000 * (i % 2 || 1e6) })));
      const { bytes } = await cache.stats();
      await context.advance(4_000);
      await context.advance(600_000);
      const after = await cache.stats();
      assertEqual(after.entries, 10, 'entries after ten minutes');
      assertTrue(after.bytes < bytes, `${after.bytes} bytes are less than the ${bytes} before`);
      assertEqual(await cache.sweep(), 0, 'what a sweep still finds');
    },
  ),
  scenario(
    'stats/bytes',
    'a fresh cache has counted nothing; bytes grow with what is stored, and shrink when it goes',
    async (cache) => {
      const { operations: _, bytes: empty, ...counts } = await cache.stats();
      const counted = Object.entries(counts).filter(([, count]) => count !== 0);
      assertEqual(counted, [], 'counts of a fresh cache other than 0');
      await cache.set('a', new Uint8Array(50_000));
      const one = await cache.stats();
      assertTrue(one.bytes - empty >= 50_000, `50,000 bytes take ${one.bytes - empty}`);
      const copy = { ...one };
      await cache.set('a', new Uint8Array(10));
      const { bytes: small } = await cache.stats();
      assertTrue(small < one.bytes, `a small value takes less: ${small} < ${one.bytes}`);
      await cache.getMany(['a', 'a', 'x']);
      await cache.delete('a');
      const { bytes, hitRate } = await cache.stats();
      assertEqual({ bytes, hitRate }, { bytes: empty, hitRate: 2 / 3 }, 'when it is empty again');
      assertEqual(one, copy, 'statistics that were given before');
    },
  ),
];

/** Writes numbered entries in one call. */
async function write(cache: IDataCache, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  await cache.setMany(numbers.map((value) => ({ key: `k${value}`, value })));
}

/** What it has of numbered entries is within its bound, right, and listed. */
async function assertBound(cache: IDataCache, written: number) {
  const stats = await cache.stats();
  const most = boundOf(cache.capabilities, 'maxEntries');
  assertTrue(stats.entries <= most, `${stats.entries} entries are at most ${most}`);
  const values = await cache.getMany(Array.from({ length: written }, (_, i) => `k${i}`));
  const wrong = values.filter((value, i) => value !== undefined && value !== i);
  assertEqual(wrong, [], 'wrong values of those that are kept');
  const kept = values.filter((value) => value !== undefined).length;
  const keys = await cache.keys();
  assertEqual([kept, keys.length], [stats.entries, stats.entries], 'entries that are read, listed');
  assertEqual(values.at(-1), written - 1, 'the value written last');
  return stats;
}

function boundOf(capabilities: CacheCapabilities, bound: keyof typeof MOST): number {
  return assertDefined(capabilities[bound], bound);
}

function bounded(name: keyof typeof MOST): Pick<CacheScenario, 'requires'> {
  return {
    requires: ({ [name]: bound }) => {
      if (bound === undefined) return `it declares no ${name}`;
      return bound > MOST[name] ? `its ${name} of ${bound} takes too long to fill` : undefined;
    },
  };
}
