import type { IDataCache } from '@barkeep/cache';
import { assertEqual, assertTrue } from '../../assertions.ts';
import type { OtherProcess } from '../../other-process.ts';
import { hasProcesses } from '../../platform.ts';
import { type CacheContext, type CacheScenario, cacheScenarios } from '../cache-scenario.ts';
import type { CacheCommand } from '../model/cache-command.ts';
import { CacheModelRun } from '../model/cache-model-run.ts';
import { nameCommands } from './model.ts';

/** Starting a process takes long, so there is one for all that needs one. */
export const processScenarios: readonly CacheScenario[] = [
  cacheScenarios.bareScenario(
    'processes/changes',
    'what another process changes counts here at once, as a whole, and after it was killed',
    async (context) => {
      const elsewhere = await context.startProcess();
      const cache = await context.createBeside(elsewhere);
      if (cache.capabilities.sharing === 'multi-process') {
        await cache.open();
        await assertShared(context, elsewhere, cache);
        await assertReplacedWhole(elsewhere, cache);
      }
      if (cache.capabilities.persistent) await assertKept(context, elsewhere);
    },
    {
      requires: ({ persistent, sharing }) => {
        if (!hasProcesses()) return 'no process can be started here';
        return persistent || sharing === 'multi-process'
          ? undefined
          : 'its entries are neither shared nor lasting by declaration';
      },
    },
  ),
];

async function assertShared(
  context: CacheContext,
  elsewhere: OtherProcess,
  cache: IDataCache,
): Promise<void> {
  const commands = nameCommands(['café', 'cafe\u0301', 'caf', 'c', 'x']);
  const inTurn = commands.flatMap((one): CacheCommand[] => [one, ['switch-handle']]);
  await new CacheModelRun(context, [elsewhere, cache]).execute(inTurn);
  await new CacheModelRun(context, [cache, elsewhere]).execute(inTurn);
}

/** Reads a value while the other process replaces it. */
async function assertReplacedWhole(elsewhere: OtherProcess, cache: IDataCache): Promise<void> {
  let isOver = false;
  const writes = Array.from({ length: 40 }, (_, i) => elsewhere.call('set', 'key', filled(i)));
  Promise.allSettled(writes).then(() => {
    isOver = true;
  });
  while (!isOver) {
    // A cache that answers on the spot would let nothing else happen.
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertWhole(await cache.get('key'), 'a read while another process writes');
  }
  await Promise.all(writes);
  assertEqual(await cache.get('key'), filled(39), 'what they wrote last');
  assertEqual((await cache.stats()).failures, 0, 'reads that failed');
}

/** Kills the process while it writes. */
async function assertKept(context: CacheContext, elsewhere: OtherProcess): Promise<void> {
  const keys = ['deleted', 'of-tag', 'of-prefix', 'kept'];
  await elsewhere.call(
    'setMany',
    keys.map((key) => ({ key, value: key, tags: [key, 'all'] })),
  );
  await elsewhere.call('delete', 'deleted');
  await elsewhere.call('invalidate', { tags: ['of-tag'] });
  await elsewhere.call('invalidate', { prefix: 'of-p' });
  await elsewhere.call('set', 'key', filled(100));
  const writes = [101, 102, 103].map((i) => elsewhere.call('set', 'key', filled(i)));
  const settled = Promise.allSettled(writes);
  const cache = await context.reopen(elsewhere);
  await settled;
  const kept = [undefined, undefined, undefined, 'kept'];
  assertEqual(await cache.getMany(keys), kept, 'what was written before the process was killed');
  assertEqual(await cache.invalidate({ tags: ['all'] }), 1, 'how many have a tag');
  const value = await cache.get('key');
  assertWhole(value, 'what was being replaced');
  // It may be forgotten, but nothing older comes back.
  const [write = 100] = value instanceof Uint8Array ? value : [];
  assertTrue(write >= 100, `it is no older one, of write ${write}`);
  assertEqual((await cache.stats()).failures, 0, 'reads that failed');
}

/** It is of one write, or gone. */
function assertWhole(value: unknown, what: string): void {
  const [byte = 0] = value instanceof Uint8Array ? value : [];
  if (value !== undefined) assertEqual(value, filled(byte), `${what}, which is one value`);
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(30_000).fill(byte);
}
