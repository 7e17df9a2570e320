import type { CacheCapabilities } from '@barkeep/cache';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import { type CacheScenario, scenario } from '../cache-scenario.ts';
import { assertCached } from '../cached-state.ts';

/** What can be filled within a scenario's time. */
const MOST_ENTRIES = 50_000;
const MOST_BYTES = 128 * 1_024 * 1_024;

const boundedEntries: Pick<CacheScenario, 'requires'> = {
  requires: ({ maxEntries }) => tooLarge(maxEntries, MOST_ENTRIES, 'entries'),
};
const boundedBytes: Pick<CacheScenario, 'requires'> = {
  requires: ({ maxBytes }) => tooLarge(maxBytes, MOST_BYTES, 'bytes'),
};

export const boundScenarios: readonly CacheScenario[] = [
  scenario(
    'bounds/entries',
    'it never has more entries than it declares, and tells what it evicted',
    async (cache) => {
      const most = boundOf(cache.capabilities, 'maxEntries');
      for (let i = 0; i < most + 20; i += 1) await cache.set(`k${i}`, i);
      const { entries, evictions } = await cache.stats();
      assertTrue(entries <= most, `${entries} entries are at most ${most}`);
      assertEqual(entries + evictions, most + 20, 'entries kept and evicted');
      await assertCached(cache, `k${most + 19}`, most + 19, 'the last one');
      assertEqual((await cache.keys()).length, entries, 'how many keys there are');
    },
    boundedEntries,
  ),
  scenario(
    'bounds/entries-batch',
    'a batch keeps the bound of entries too',
    async (cache) => {
      const most = boundOf(cache.capabilities, 'maxEntries');
      await cache.setMany(
        Array.from({ length: most + 20 }, (_, i) => ({ key: `k${i}`, value: i })),
      );
      const { entries } = await cache.stats();
      assertTrue(entries <= most, `${entries} entries are at most ${most}`);
    },
    boundedEntries,
  ),
  scenario(
    'bounds/bytes',
    'its values never take more bytes than it declares',
    async (cache) => {
      const most = boundOf(cache.capabilities, 'maxBytes');
      const size = Math.floor(most / 8);
      for (let i = 0; i < 16; i += 1) {
        await cache.set(`k${i}`, new Uint8Array(size).fill(i));
        const { bytes } = await cache.stats();
        assertTrue(bytes <= most, `${bytes} bytes are at most ${most}`);
      }
      const kept = await cache.getMany(Array.from({ length: 16 }, (_, i) => `k${i}`));
      const count = kept.filter((value) => value !== undefined).length;
      assertTrue(count >= 1 && count <= 8, `1 to 8 of 16 values are kept, not ${count}`);
      for (const [i, value] of kept.entries()) {
        if (value !== undefined) assertEqual(value, new Uint8Array(size).fill(i), `value ${i}`);
      }
    },
    boundedBytes,
  ),
  scenario(
    'bounds/bytes-replace',
    'replacing one value again and again takes the bytes of one',
    async (cache) => {
      const most = boundOf(cache.capabilities, 'maxBytes');
      await cache.set('small', 1);
      for (let i = 0; i < 10; i += 1) await cache.set('key', new Uint8Array(Math.floor(most / 4)));
      await assertCached(cache, 'small', 1, 'the other value');
      assertEqual((await cache.stats()).evictions, 0, 'evictions');
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
      await assertCached(cache, 'key', undefined, 'the key');
      await assertCached(cache, 'small', 1, 'the other value');
      assertEqual(await cache.invalidate({ tags: ['t'] }), 0, 'with the tag of the old value');
      const { rejections, evictions } = await cache.stats();
      assertEqual({ rejections, evictions }, { rejections: 1, evictions: 0 }, 'the counts');
    },
    boundedBytes,
  ),
];

function boundOf(capabilities: CacheCapabilities, bound: 'maxEntries' | 'maxBytes'): number {
  return assertDefined(capabilities[bound], bound);
}

function tooLarge(bound: number | undefined, most: number, unit: string): string | undefined {
  if (bound === undefined) return `it declares no bound of ${unit}`;
  return bound > most ? `its bound of ${bound} ${unit} takes too long to fill` : undefined;
}
