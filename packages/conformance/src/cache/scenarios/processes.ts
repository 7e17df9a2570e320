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

const ROUNDS = 3;
const KILLS = 2;
/** Entries of a batch. */
const MANY = 100;
const LARGE = 30_000;

export const processScenarios: readonly CacheScenario[] = [
  scenario(
    'sharing/processes',
    'what another process changes counts here at once, and the other way round',
    async (cache, context) => {
      const elsewhere = await context.startProcess(cache);
      const both = async (keys: readonly string[], expected: readonly unknown[], what: string) => {
        assertEqual(await cache.getMany(keys), expected, `${what}, here`);
        assertEqual(await elsewhere.call('getMany', keys), expected, `${what}, there`);
      };
      for (let round = 0; round < ROUNDS; round += 1) {
        const keys = ['theirs', 'ours', 'gone', 'café', 'cafe\u0301'];
        const none = keys.map(() => undefined);
        await both(keys, none, 'before anything is written');
        await elsewhere.call('set', 'theirs', round, { tags: ['t'] });
        await cache.set('ours', -round, { tags: ['t'] });
        const expiresAt = context.clock.now() + 1_000;
        await elsewhere.call('set', 'gone', 1, { expiresAt });
        await cache.setMany(keys.slice(3).map((key) => ({ key, value: key })));
        const written = [round, -round, 1, 'café', 'cafe\u0301'];
        await both(keys, written, 'when each has written');
        await elsewhere.call('set', 'ours', 'replaced', { tags: ['u'] });
        await cache.set('theirs', 'replaced', { tags: ['u'] });
        await both(keys.slice(0, 2), ['replaced', 'replaced'], 'when each has written over');
        assertEqual((await cache.keys()).sort(), keys.toSorted(), 'the keys here');
        assertEqual(await elsewhere.call('invalidate', { tags: ['t'] }), 0, 'with the old tag');
        await context.advance(1_000);
        assertEqual(await cache.get('gone'), undefined, 'what they let expire');
        assertEqual(await elsewhere.call('delete', 'café'), true, 'whether they deleted ours');
        await both(keys.slice(3), [undefined, 'cafe\u0301'], 'when they have deleted');
        if (round === 0) await elsewhere.call('clear');
        else if (round === 1) await elsewhere.call('invalidate', { tags: ['u'] });
        else await cache.invalidate({ tags: ['u'] });
        await elsewhere.call('invalidate', { prefix: 'cafe' });
        await elsewhere.call('delete', 'gone');
        await both(keys, none, 'when all was removed');
      }
      await assertNeverByHalf(cache, elsewhere);
    },
    withProcesses(shared),
  ),
  bareScenario(
    'persistence/kill',
    'what was stored is there after the process was killed at once, and what was removed is not',
    async (context) => {
      for (let round = 0; round < KILLS; round += 1) {
        const elsewhere = await context.startProcess();
        const entries = Array.from({ length: MANY }, (_, i) => ({
          key: `k${i}`,
          value: i,
          tags: [`${i % 3}`],
        }));
        await elsewhere.call('setMany', entries);
        await elsewhere.call('delete', 'k0');
        await elsewhere.call('invalidate', { tags: ['1'] });
        await elsewhere.call('invalidate', { prefix: 'k9' });
        for (let i = 0; i < round * 5; i += 1) await elsewhere.call('set', 'key', filled(i));
        const underWay = [1, 2, 3, 4].map((i) => elsewhere.call('set', 'key', filled(100 + i)));
        const last = elsewhere.call('set', 'last', round);
        const settled = Promise.allSettled([...underWay, last]);
        const isLast = round === 0 ? await last.then(() => true) : undefined;
        const cache = await context.reopen(elsewhere);
        await settled;
        const isKept = (i: number): boolean => i !== 0 && i % 3 !== 1 && !`k${i}`.startsWith('k9');
        const expected = entries.map(({ value }) => (isKept(value) ? value : undefined));
        assertEqual(
          await cache.getMany(entries.map(({ key }) => key)),
          expected,
          'the entries after the kill',
        );
        if (isLast) assertEqual(await cache.get('last'), round, 'what was written last');
        await assertValueAfterKill(cache, round * 5);
        await cache.invalidate({ tags: ['2'] });
        assertEqual(await cache.get('k2'), undefined, 'what was invalidated after the kill');
        await cache.close();
      }
    },
    { ...withProcesses(lasting), timeoutMs: 60_000 },
  ),
];

/** Reads a value while another process replaces it. */
async function assertNeverByHalf(cache: IDataCache, elsewhere: OtherProcess): Promise<void> {
  const writes = Array.from({ length: 40 }, (_, i) => elsewhere.call('set', 'key', filled(i)));
  let isOver = false;
  const writing = Promise.all(writes).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    // A cache that answers on the spot would let nothing else happen.
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertWhole(await cache.get('key'), 'a read while another process writes');
  }
  await writing;
  assertEqual(await cache.get('key'), filled(39), 'what they wrote last');
  assertEqual((await cache.stats()).failures, 0, 'reads that failed');
}

/** The one that was stored last, or one of those that were under way. */
async function assertValueAfterKill(cache: IDataCache, resolved: number): Promise<void> {
  const value = await cache.get('key');
  assertWhole(value, 'a value whose writing was killed');
  if (resolved > 0) assertTrue(value !== undefined, 'a value that was written is there');
  if (value instanceof Uint8Array && resolved > 0) {
    const [byte = 0] = value;
    assertTrue(byte === resolved - 1 || byte > 100, `it is of write ${resolved - 1}, not ${byte}`);
  }
  assertEqual((await cache.stats()).failures, 0, 'reads that failed');
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(LARGE).fill(byte);
}

function assertWhole(value: CacheValue | undefined, what: string): void {
  if (value === undefined) return;
  const [byte = 0] = value instanceof Uint8Array ? value : [];
  assertEqual(value, filled(byte), `${what}: it is one value`);
}
