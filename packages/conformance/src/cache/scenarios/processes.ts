import type { CacheValue, IDataCache } from '@barkeep/cache';
import { assertEqual, assertTrue } from '../../assertions.ts';
import type { OtherProcess } from '../../other-process.ts';
import {
  bareScenario,
  type CacheScenario,
  lasting,
  scenario,
  shared,
  withProcesses,
} from '../cache-scenario.ts';

/** Everything is removed in another way in each. */
const REMOVALS = ['clear', 'theirs', 'ours'] as const;
const KEYS = ['theirs', 'ours', 'late', 'café', 'cafe\u0301'];
const NONE = KEYS.map(() => undefined);

export const processScenarios: readonly CacheScenario[] = [
  scenario(
    'sharing/processes',
    'what another process changes counts here at once and as a whole, and the other way round',
    async (cache, context) => {
      const elsewhere = await context.startProcess(cache);
      const assertBoth = async (expected: readonly unknown[], what: string): Promise<void> => {
        assertEqual(await cache.getMany(KEYS), expected, `${what}, here`);
        assertEqual(await elsewhere.call('getMany', KEYS), expected, `${what}, there`);
      };
      for (const [round, removal] of REMOVALS.entries()) {
        await assertBoth(NONE, 'before anything is written');
        const expiresAt = context.clock.now() + 1_000;
        await elsewhere.call('set', 'theirs', round, { tags: ['t'] });
        await cache.set('ours', -1 - round, { tags: ['t'] });
        await elsewhere.call('set', 'late', 1, { expiresAt });
        await cache.setMany(KEYS.slice(3).map((key) => ({ key, value: key, tags: ['u'] })));
        await assertBoth([round, -1 - round, 1, ...KEYS.slice(3)], 'when each has written');
        await elsewhere.call('set', 'ours', 'by them', { tags: ['u'] });
        await cache.set('theirs', 'by us', { tags: ['u'] });
        await assertBoth(['by us', 'by them', 1, ...KEYS.slice(3)], 'when each has written over');
        assertEqual((await cache.keys()).sort(), KEYS.toSorted(), 'the keys here');
        assertEqual(await elsewhere.call('invalidate', { tags: ['t'] }), 0, 'with the old tag');
        assertEqual(await elsewhere.call('delete', 'café'), true, 'whether they deleted ours');
        await context.advance(1_000);
        assertEqual(await cache.get('late'), undefined, 'what they let expire');
        if (removal === 'clear') await elsewhere.call('clear');
        else if (removal === 'ours') await cache.invalidate({ tags: ['u'] });
        else await elsewhere.call('invalidate', { tags: ['u'] });
        await elsewhere.call('delete', 'late');
        await assertBoth(NONE, `when all was removed: ${removal}`);
        assertEqual((await cache.stats()).entries, 0, 'how many are counted then');
      }
      await assertNeverByHalf(cache, elsewhere);
    },
    withProcesses(shared),
  ),
  bareScenario(
    'persistence/kill',
    'what was stored is there after the process was killed at once, and what was removed is not',
    async (context) => {
      const elsewhere = await context.startProcess();
      const numbers = Array.from({ length: 90 }, (_, i) => i);
      const entries = numbers.map((i) => ({ key: `k${i}`, value: i, tags: [`${i % 3}`] }));
      await elsewhere.call('setMany', entries);
      await elsewhere.call('delete', 'k0');
      await elsewhere.call('invalidate', { tags: ['1'] });
      await elsewhere.call('invalidate', { prefix: 'k8' });
      for (let i = 0; i < 5; i += 1) await elsewhere.call('set', 'key', filled(i));
      await elsewhere.call('set', 'last', 'written');
      const underWay = [101, 102, 103].map((i) => elsewhere.call('set', 'key', filled(i)));
      const settled = Promise.allSettled(underWay);
      const cache = await context.reopen(elsewhere);
      await settled;
      assertEqual(await cache.get('last'), 'written', 'what was written last');
      const isKept = (i: number): boolean => i !== 0 && i % 3 !== 1 && !`k${i}`.startsWith('k8');
      const kept = numbers.map((i) => (isKept(i) ? i : undefined));
      assertEqual(
        await cache.getMany(entries.map(({ key }) => key)),
        kept,
        'what was written first',
      );
      // What was being replaced may be forgotten.
      const value = await cache.get('key');
      const write = value === undefined ? 4 : assertWhole(value, 'what was being replaced');
      assertTrue([4, 101, 102, 103].includes(write), `it is no older one, of write ${write}`);
      const tagged = kept.filter((i) => i !== undefined && i % 3 === 2).length;
      assertEqual(await cache.invalidate({ tags: ['2'] }), tagged, 'how many have a tag');
      assertEqual((await cache.stats()).failures, 0, 'reads that failed');
    },
    withProcesses(lasting),
  ),
];

/** Reads a value while another process replaces it. */
async function assertNeverByHalf(cache: IDataCache, elsewhere: OtherProcess): Promise<void> {
  await cache.set('key', filled(0));
  let isOver = false;
  const writes = Array.from({ length: 40 }, (_, i) => elsewhere.call('set', 'key', filled(i)));
  Promise.allSettled(writes).then(() => {
    isOver = true;
  });
  while (!isOver) {
    // A cache that answers on the spot would let nothing else happen.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const value = await cache.get('key');
    if (value !== undefined) assertWhole(value, 'a read while another process writes');
  }
  await Promise.all(writes);
  assertEqual(await cache.get('key'), filled(39), 'what they wrote last');
  assertEqual((await cache.stats()).failures, 0, 'reads that failed');
}

/** Returns of which write it is. */
function assertWhole(value: CacheValue | undefined, what: string): number {
  const [byte = 0] = value instanceof Uint8Array ? value : [];
  assertEqual(value, filled(byte), `${what}, which is one value`);
  return byte;
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(30_000).fill(byte);
}
