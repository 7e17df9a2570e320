import type { CacheCapabilities, IDataCache } from '@barkeep/cache';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import { bareScenario, type CacheScenario, lasting, scenario } from '../cache-scenario.ts';

/** What can be filled within a scenario's time. */
const MOST_ENTRIES = 10_000;
const MOST_BYTES = 128 * 1_024 * 1_024;
/** How much more is written than there is room for. */
const MORE = 40;
const BATCH = 500;

const boundedEntries: Pick<CacheScenario, 'requires'> = {
  requires: ({ maxEntries }) => tooLarge(maxEntries, MOST_ENTRIES, 'entries'),
};
const boundedBytes: Pick<CacheScenario, 'requires'> = {
  requires: ({ maxBytes }) => tooLarge(maxBytes, MOST_BYTES, 'bytes'),
};

export const boundScenarios: readonly CacheScenario[] = [
  bareScenario(
    'capabilities/known',
    'every capability has a value the contract knows',
    async (context) => {
      const { capabilities } = await context.create();
      const { sharing, persistent, platforms, maxEntries = 1, maxBytes = 1 } = capabilities;
      assertTrue(['process', 'multi-process'].includes(sharing), `sharing is not ${sharing}`);
      assertEqual(typeof persistent, 'boolean', 'what persistent is');
      assertTrue(platforms.length > 0, 'it runs on at least one platform');
      assertTrue(maxEntries >= 1 && maxBytes >= 1, 'a bound leaves room for something');
    },
  ),
  scenario(
    'bounds/entries',
    'it never has more entries than it declares, and tells what it evicted',
    async (cache) => {
      const most = boundOf(cache.capabilities, 'maxEntries');
      await fill(cache, 0, most - MORE);
      for (let i = most - MORE; i < most + MORE; i += 1) await cache.set(`k${i}`, i);
      const { evictions } = await assertBound(cache, most + MORE);
      const { entries } = await cache.stats();
      assertEqual(entries + evictions, most + MORE, 'entries kept and evicted');
      await cache.clear();
      const all = Array.from({ length: most + MORE }, (_, i) => ({ key: `k${i}`, value: i }));
      await cache.setMany(all);
      await assertBound(cache, most + MORE);
    },
    boundedEntries,
  ),
  scenario(
    'bounds/reopen',
    'its bounds count what was there when it was opened',
    async (cache, context) => {
      const most = boundOf(cache.capabilities, 'maxEntries');
      await fill(cache, 0, most);
      const again = await context.reopen(cache);
      await fill(again, most, most + MORE);
      await assertBound(again, most + MORE);
    },
    {
      requires: (capabilities, harness) =>
        lasting.requires?.(capabilities, harness) ??
        boundedEntries.requires?.(capabilities, harness),
    },
  ),
  scenario(
    'bounds/bytes',
    'its values never take more bytes than it declares',
    async (cache) => {
      const most = boundOf(cache.capabilities, 'maxBytes');
      await cache.set('small', 1);
      for (let i = 0; i < 10; i += 1) await cache.set('same', new Uint8Array(Math.floor(most / 4)));
      assertEqual(
        await cache.get('small'),
        1,
        'another value, after one was replaced again and again',
      );
      assertEqual((await cache.stats()).evictions, 0, 'evictions by then');
      const size = Math.floor(most / 8);
      const keys = Array.from({ length: 16 }, (_, i) => `k${i}`);
      for (const [i, key] of keys.entries()) {
        await cache.set(key, new Uint8Array(size).fill(i));
        const { bytes } = await cache.stats();
        assertTrue(bytes <= most, `${bytes} bytes are at most ${most}`);
      }
      const kept = await cache.getMany(keys);
      const count = kept.filter((value) => value !== undefined).length;
      assertTrue(count >= 1 && count <= 8, `1 to 8 of 16 values are kept, not ${count}`);
      for (const [i, value] of kept.entries()) {
        if (value !== undefined) assertEqual(value, new Uint8Array(size).fill(i), `value ${i}`);
      }
    },
    boundedBytes,
  ),
  scenario(
    'bounds/too-large',
    'a value beyond the bound is not stored, evicts nothing, and leaves no old value',
    async (cache) => {
      const most = boundOf(cache.capabilities, 'maxBytes');
      await cache.set('small', 1);
      await cache.set('key', 'old', { tags: ['t'] });
      await cache.set('key', new Uint8Array(most + 1));
      assertEqual(await cache.getMany(['key', 'small']), [undefined, 1], 'the key and another');
      assertEqual(await cache.invalidate({ tags: ['t'] }), 0, 'with the tag of the old value');
      const { rejections, evictions } = await cache.stats();
      assertEqual({ rejections, evictions }, { rejections: 1, evictions: 0 }, 'the counts');
    },
    boundedBytes,
  ),
  scenario(
    'stats/bytes',
    'a fresh cache has counted nothing; bytes grow with what is stored, and shrink when it goes',
    async (cache) => {
      const { operations, bytes: empty, ...counts } = await cache.stats();
      const unequal = Object.entries(counts).filter(([, count]) => count !== 0);
      assertEqual(unequal, [], 'counts of a fresh cache other than 0');
      assertTrue(typeof operations === 'object', 'there is a summary of operations');
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

async function fill(cache: IDataCache, from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += BATCH) {
    const length = Math.min(BATCH, to - start);
    const entries = Array.from({ length }, (_, i) => ({ key: `k${start + i}`, value: start + i }));
    await cache.setMany(entries);
  }
}

/** What it has of so many entries that were written is within its bound, right, and listed. */
async function assertBound(cache: IDataCache, written: number): Promise<{ evictions: number }> {
  const most = boundOf(cache.capabilities, 'maxEntries');
  const { entries, evictions } = await cache.stats();
  assertTrue(entries <= most, `${entries} entries are at most ${most}`);
  const values = await cache.getMany(Array.from({ length: written }, (_, i) => `k${i}`));
  const kept = values.flatMap((value, i) => (value === undefined ? [] : [[value, i]]));
  assertEqual(
    kept.filter(([value, i]) => value !== i),
    [],
    'wrong values of those that are kept',
  );
  assertEqual(kept.length, entries, 'how many can be read');
  assertEqual((await cache.keys()).length, entries, 'how many keys there are');
  assertEqual(values.at(-1), written - 1, 'the value written last');
  return { evictions };
}

function boundOf(capabilities: CacheCapabilities, bound: 'maxEntries' | 'maxBytes'): number {
  return assertDefined(capabilities[bound], bound);
}

function tooLarge(bound: number | undefined, most: number, unit: string): string | undefined {
  if (bound === undefined) return `it declares no bound of ${unit}`;
  return bound > most ? `its bound of ${bound} ${unit} takes too long to fill` : undefined;
}
