import type { CacheWrite } from '@barkeep/cache';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import { type CacheScenario, type Condition, scenario } from '../cache-scenario.ts';

/** What can be filled within a scenario's time. */
const MOST = { maxEntries: 10_000, maxBytes: 128 * 1_024 * 1_024 };
/** How much more is written than there is room for. */
const MORE = 40;

export const boundScenarios: readonly CacheScenario[] = [
  scenario(
    'bounds/entries',
    'it never has more entries than it declares, also after reopening, and tells what it evicted',
    async (first, context) => {
      let cache = first;
      const most = assertDefined(cache.capabilities.maxEntries, 'maxEntries');
      const entries = Array.from({ length: most + 2 * MORE }, (_, i): CacheWrite => {
        return { key: `k${i}`, value: i };
      });
      const assertBound = async (written: number) => {
        const stats = await cache.stats();
        assertTrue(stats.entries <= most, `${stats.entries} entries are at most ${most}`);
        const values = await cache.getMany(entries.slice(0, written).map(({ key }) => key));
        const right = values.map((value, i) => (value === undefined ? undefined : i));
        assertEqual(values, right, 'the values that are kept');
        const kept = values.filter((value) => value !== undefined);
        const counts = [kept.length, (await cache.keys()).length];
        assertEqual(counts, [stats.entries, stats.entries], 'entries that are read, listed');
        assertEqual(values.at(-1), written - 1, 'the value written last');
        return stats;
      };
      await cache.setMany(entries.slice(0, most));
      for (const { key, value } of entries.slice(most, most + MORE)) await cache.set(key, value);
      const { entries: kept, evictions } = await assertBound(most + MORE);
      assertEqual(kept + evictions, most + MORE, 'entries kept and evicted');
      if (cache.capabilities.persistent) cache = await context.reopen(cache);
      await cache.setMany(entries.slice(most + MORE));
      await assertBound(most + 2 * MORE);
    },
    bounded('maxEntries'),
  ),
  scenario(
    'bounds/bytes',
    'its values never take more bytes than it declares; one beyond that leaves no old value',
    async (cache) => {
      const most = assertDefined(cache.capabilities.maxBytes, 'maxBytes');
      await cache.set('small', 1);
      await cache.set('same', 'old', { tags: ['t'] });
      await cache.set('same', new Uint8Array(most + 1));
      assertEqual(await cache.getMany(['same', 'small']), [undefined, 1], 'what was too large');
      assertEqual(await cache.invalidate({ tags: ['t'] }), 0, 'with the tag of the old value');
      for (let i = 0; i < 10; i += 1) await cache.set('same', new Uint8Array(Math.floor(most / 4)));
      assertEqual(await cache.get('small'), 1, 'a value beside one that was replaced often');
      const { rejections, evictions } = await cache.stats();
      assertEqual({ rejections, evictions }, { rejections: 1, evictions: 0 }, 'the counts');
      const values = Array.from({ length: 16 }, (_, i) => new Uint8Array(most / 8).fill(i));
      for (const [i, value] of values.entries()) {
        await cache.set(`k${i}`, value);
        const { bytes } = await cache.stats();
        assertTrue(bytes <= most, `${bytes} bytes are at most ${most}`);
      }
      const found = await cache.getMany(values.map((_, i) => `k${i}`));
      const kept = found.map((value, i) => value && values[i]);
      assertEqual(found, kept, 'what is kept');
      const count = kept.filter((value) => value !== undefined).length;
      assertTrue(count >= 1 && count <= 8, `1 to 8 are kept, not ${count}`);
    },
    bounded('maxBytes'),
  ),
  scenario(
    'expiry/sweeps-by-itself',
    'expired entries go without being read, and only they; their bytes go with them',
    async (cache, context) => {
      const { operations: _, bytes: none, ...counts } = await cache.stats();
      const counted = Object.entries(counts).filter(([, count]) => count !== 0);
      assertEqual(counted, [], 'counts of a fresh cache other than 0');
      const entries = Array.from({ length: 20 }, (_, i): CacheWrite => {
        return { key: `k${i}`, value: new Uint8Array(5_000), ttlMs: 4_000 * (i % 2 || 1e6) };
      });
      await cache.setMany(entries);
      const { bytes: all } = await cache.stats();
      assertTrue(all - none >= 100_000, `100,000 bytes take ${all - none}`);
      await context.advance(4_000);
      await context.advance(600_000);
      const { entries: left, bytes } = await cache.stats();
      assertEqual(left, 10, 'entries after ten minutes');
      assertTrue(all - bytes >= 50_000, `50,000 bytes are gone of ${all}, not ${all - bytes}`);
      assertEqual(await cache.sweep(), 0, 'what a sweep still finds');
      await cache.getMany(['k0', 'k2', 'none']);
      assertEqual((await cache.stats()).hitRate, 2 / 3, 'its hit rate');
    },
  ),
];

function bounded(name: keyof typeof MOST): Condition {
  return {
    requires: ({ [name]: bound }) => {
      if (bound === undefined) return `it declares no ${name}`;
      return bound > MOST[name] ? `its ${name} of ${bound} takes too long to fill` : undefined;
    },
  };
}
